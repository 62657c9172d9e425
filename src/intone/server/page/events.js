// Server-sent events of a response to fetch, which EventSource cannot ask for: it only knows GET.

const BROKEN = { value: undefined };

/**
 * Read events until the response ends or breaks off; those without data are left out.
 * @param {Response} response
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
export async function* events(response) {
  const body = /** @type {ReadableStream} */ (response.body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value } = await reader.read().catch(() => BROKEN);
    if (value === undefined) return;
    held += value;
    const blocks = held.split(/\r?\n\r?\n/);
    held = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = field(block, "data");
      if (data) yield { event: field(block, "event"), data: JSON.parse(data) };
    }
  }
}

/** @param {string} block @param {string} name */
function field(block, name) {
  const lines = block.split(/\r?\n/).filter(line => line.startsWith(`${name}:`));
  return lines.map(line => line.slice(name.length + 1).trimStart()).join("\n");
}
