// Where this page comes from, as an invite names it: with its port, which an invite and a browser leave
// out for different ones.

export function here(): string {
  const { protocol, hostname, port } = location;
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}
