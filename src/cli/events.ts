/** Server-sent events out of a body, as the HTML Living Standard §9.2.6 reads them, as far as Baton's server uses them. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly id?: string;
}

const parse = (block: string): ServerEvent | undefined => {
  let event = 'message';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'event') event = value;
    else if (name === 'id') id = value;
    else if (name === 'data') data.push(value);
  }
  if (data.length === 0) return undefined;
  return { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) };
};

/** Complete events only: one that was cut by the end of the body never happened. */
export async function* readEvents(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<ServerEvent, void, undefined> {
  if (body === null) return;
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event !== undefined) yield event;
    }
  }
}
