// When a page gets how far.

/** In every document: when what was there first, by its own clock, which starts with the navigation. */
export function watch() {
  const times = {};
  Object.defineProperty(window, 'times', { value: times });
  const mark = (what) => (times[what] ??= performance.now());
  new MutationObserver(() => {
    if (document.querySelector('.ask .main')) mark('ask');
    if (document.querySelector('.chat')) mark('chat');
  }).observe(document, { childList: true, subtree: true });
  window.WebSocket = class extends WebSocket {
    constructor(...rest) {
      super(...rest);
      this.addEventListener('message', ({ data }) => {
        if (String(data).includes('"paired"')) mark('paired');
      });
    }
  };
}
