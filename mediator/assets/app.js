// Nothing runs here yet: the page is text.
