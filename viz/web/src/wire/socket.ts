// One websocket to the server, kept open: a ticket for each connection, requests answered by id, back again with
// growing patience after it is lost.

export type Message = { type: string; id?: number; run?: string } & Record<string, unknown>;

export interface SocketEvents {
  open: () => void;
  lost: (why: string) => void;
  message: (m: Message) => void;
  frame: (data: ArrayBuffer) => void;
}

export class RequestError extends Error {
  readonly code: string;
  readonly fix: string;
  constructor(code: string, text: string, fix = "") {
    super(text);
    this.code = code;
    this.fix = fix;
  }
}

interface Waiting {
  resolve: (m: Message) => void;
  reject: (e: Error) => void;
}

export class Socket {
  private socket: WebSocket | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;
  private patience = 250;
  private closed = false;
  private readonly events: SocketEvents;
  private readonly ticket: () => Promise<string>;

  constructor(ticket: () => Promise<string>, events: SocketEvents) {
    this.ticket = ticket;
    this.events = events;
  }

  async connect(): Promise<void> {
    try {
      const ticket = await this.ticket();
      const url = new URL("/api/socket", location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const s = new WebSocket(url, ["halltwin.1", `ticket.${ticket}`]);
      s.binaryType = "arraybuffer";
      this.socket = s;
      s.onmessage = (e) => this.receive(e.data as string | ArrayBuffer);
      s.onclose = (e) => this.lose(e.reason || `connection closed (${e.code})`);
    } catch (e) {
      this.lose(e instanceof Error ? e.message : String(e));
    }
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.events.frame(data);
      return;
    }
    const m = JSON.parse(data) as Message;
    if (m.type === "hello") {
      this.patience = 250;
      this.events.open();
      return;
    }
    const w = m.id === undefined ? undefined : this.waiting.get(m.id);
    if (w && m.id !== undefined) {
      this.waiting.delete(m.id);
      if (m.type === "error") w.reject(new RequestError(String(m.code), String(m.text), String(m.fix ?? "")));
      else w.resolve(m);
    }
    this.events.message(m);
  }

  private lose(why: string): void {
    this.socket = null;
    for (const w of this.waiting.values()) w.reject(new RequestError("lost", why));
    this.waiting.clear();
    if (this.closed) return;
    this.events.lost(why);
    setTimeout(() => void this.connect(), this.patience);
    this.patience = Math.min(8000, this.patience * 2);
  }

  get ready(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Sends a request and waits for its answer. */
  request(op: string, body: Record<string, unknown> = {}): Promise<Message> {
    const s = this.socket;
    if (!s || s.readyState !== WebSocket.OPEN) return Promise.reject(new RequestError("lost", "not connected"));
    const id = this.next++;
    const answer = new Promise<Message>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    s.send(JSON.stringify({ op, id, ...body }));
    return answer;
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }
}
