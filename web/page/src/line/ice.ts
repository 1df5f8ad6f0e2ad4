// A data channel to the other end, over UDP, without SDP on the wire: each end makes an offer of its
// own, sends what of it the other needs sealed in the pairing, and writes itself the answer that
// the other would have sent.

import type { Stream } from './core';
import { hexadecimal, pieces } from './fields';

/** What one end needs of the other (PROTOCOL.md §4). */
export interface Ways {
  readonly fingerprint: Uint8Array;
  readonly ufrag: string;
  readonly password: string;
  /** `IP:PORT`, `[IP]:PORT`, or `UUID.local:PORT`. */
  readonly udp: readonly string[];
}

/** Longest message on the channel, in bytes: their borders mean nothing. */
const MESSAGE = 16 * 1024;
/** The most addresses that are tried. */
const TRIED = 8;
/** The longest user name fragment and password that an entry holds. */
const LONGEST = 255 - 32 - 1;

export class Ice {
  private readonly connection: RTCPeerConnection;
  private readonly channel: RTCDataChannel;
  private readonly gathered: Promise<void>;
  readonly made = performance.now();

  /** Begins to gather; `stun` is the UDP port at which the mediator says where we are seen. */
  constructor(stun: number | undefined) {
    const host = location.hostname;
    this.connection = new RTCPeerConnection({
      iceServers: stun === undefined ? [] : [{ urls: `stun:${host}:${stun}` }],
      bundlePolicy: 'max-bundle',
    });
    this.channel = this.connection.createDataChannel('undertone', { negotiated: true, id: 0 });
    this.channel.binaryType = 'arraybuffer';
    this.gathered = new Promise((resolve) => {
      this.connection.onicecandidate = ({ candidate }) => {
        if (!candidate || candidate.type === 'srflx') resolve();
      };
    });
    this.connection.setLocalDescription().catch(() => this.close());
  }

  /** What the other end needs, with the addresses that are known `within` so many milliseconds. */
  async ways(within: number): Promise<Ways | undefined> {
    await Promise.race([this.gathered, new Promise((resolve) => setTimeout(resolve, within))]);
    const sdp = this.connection.localDescription?.sdp ?? '';
    const field = (name: string) => new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)?.[1]?.trim();
    const [ufrag, password, hash] = [field('ice-ufrag'), field('ice-pwd'), field('fingerprint')];
    if (!ufrag || !password || !hash?.startsWith('sha-256 ')) return undefined;
    if (ufrag.length + password.length > LONGEST) return undefined;
    const fingerprint = Uint8Array.from(hash.slice(8).split(':'), (byte) => parseInt(byte, 16));
    return { fingerprint, ufrag, password, udp: addresses(sdp) };
  }

  /** Tries to reach the other end, which has these ways; `client` has it begin DTLS. */
  async connect(theirs: Ways, client: boolean): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer(theirs, client) });
  }

  /** Waits until the channel is open; false where there is no way. Bytes go to `heard`, `undefined`
      at their end. */
  opened(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.channel.readyState === 'open') resolve(true);
      this.channel.onopen = () => resolve(true);
      this.channel.onclose = () => resolve(false);
      this.connection.onconnectionstatechange = () => {
        if (['failed', 'closed'].includes(this.connection.connectionState)) resolve(false);
      };
    });
  }

  stream(heard: (bytes: Uint8Array | undefined) => void): Stream {
    const { channel, connection } = this;
    channel.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) heard(new Uint8Array(data));
    };
    channel.onclose = () => heard(undefined);
    connection.onconnectionstatechange = () => {
      if (['failed', 'closed'].includes(connection.connectionState)) heard(undefined);
    };
    return {
      send: (bytes) => {
        if (channel.readyState !== 'open') return;
        for (const piece of pieces(bytes, MESSAGE)) channel.send(piece);
      },
      waiting: () => channel.bufferedAmount,
      close: () => this.close(),
    };
  }

  /** The address of the other end, as far as the browser tells it. */
  async address(): Promise<string | undefined> {
    const stats = await this.connection.getStats().catch(() => undefined);
    const all = new Map<string, Record<string, unknown>>();
    stats?.forEach((entry: Record<string, unknown> & { id: string }) => all.set(entry.id, entry));
    for (const entry of all.values()) {
      if (entry['type'] !== 'candidate-pair' || !entry['nominated'] || entry['state'] !== 'succeeded') continue;
      const remote = all.get(String(entry['remoteCandidateId']));
      const address = String(remote?.['address'] ?? '');
      // A name that hides an address says nothing to people.
      if (address && !address.endsWith('.local')) return `${address}:${remote?.['port']}`;
    }
    return undefined;
  }

  /** Closes it once what was sent has left, or a moment later. */
  close(): void {
    this.channel.onclose = null;
    this.connection.onconnectionstatechange = null;
    const end = () => this.connection.close();
    if (this.channel.readyState === 'open' && this.channel.bufferedAmount > 0) setTimeout(end, 500);
    else end();
  }
}

/** The UDP addresses in an offer, and names in `.local` that hide one from pages. */
function addresses(sdp: string): string[] {
  const found = sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (?:host|srflx)/gim);
  const all = [...found].map(([, ip = '', port = '']) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`));
  return [...new Set(all)].slice(0, TRIED);
}

/** The answer that the other end would have sent. */
function answer({ fingerprint, ufrag, password, udp }: Ways, client: boolean): string {
  const hash = hexadecimal(fingerprint).join(':').toUpperCase();
  const candidates = udp.slice(0, TRIED).map((address, n) => {
    const at = address.lastIndexOf(':');
    const ip = address.slice(0, at).replace(/^\[|\]$/g, '');
    return `a=candidate:${n + 1} 1 udp ${2130706431 - n} ${ip} ${address.slice(at + 1)} typ host`;
  });
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${hash}`,
    `a=setup:${client ? 'passive' : 'active'}`,
    'a=sctp-port:5000',
    'a=max-message-size:65536',
    ...candidates,
    'a=end-of-candidates',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}
