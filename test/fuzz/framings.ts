/** How the end of a request's body is told, rightly and wrongly. */

type Random = () => number

export function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

type Framing = (head: string, body: Buffer, random: Random) => { bytes: Buffer; isBroken: boolean }

/** How the body is said to end. */
export const FRAMINGS: Readonly<Record<string, Framing>> = {
  length: (head, body) => ({
    bytes: Buffer.concat([headOf(head, [`content-length: ${body.length}`]), body]),
    isBroken: false,
  }),
  chunks: (head, body, random) => ({
    bytes: Buffer.concat([headOf(head, ['transfer-encoding: chunked']), chunked(body, random)]),
    isBroken: false,
  }),
  'a length too short': (head, body) => ({
    bytes: Buffer.concat([headOf(head, [`content-length: ${Math.max(0, body.length - 3)}`]), body]),
    isBroken: false,
  }),
  'a length that is none': (head, body, random) => ({
    bytes: Buffer.concat([
      headOf(head, [
        `content-length: ${pick(['-1', '1e3', '0x10', 'x', '99999999999999999999', '1, 2', ' '], random)}`,
      ]),
      body,
    ]),
    isBroken: true,
  }),
  'two framings': (head, body) => ({
    bytes: Buffer.concat([headOf(head, [`content-length: ${body.length}`, 'transfer-encoding: chunked']), body]),
    isBroken: true,
  }),
  'chunks that are none': (head, body, random) => ({
    bytes: Buffer.concat([
      headOf(head, ['transfer-encoding: chunked']),
      Buffer.from(pick(['zz\r\n', '-1\r\n', 'ffffffffffffffff\r\n', '5\r\nabc', '5;ext="\r\n'], random)),
      body,
    ]),
    isBroken: true,
  }),
  'bytes that are no HTTP': (_head, _body, random) => ({
    bytes: Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 256))),
    isBroken: true,
  }),
  'a folded header': (head, body) => ({
    bytes: Buffer.concat([headOf(head, ['x-folded: a', ' b', `content-length: ${body.length}`]), body]),
    isBroken: true,
  }),
}

function headOf(head: string, lines: readonly string[]): Buffer {
  return Buffer.from(`${head}${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function chunked(body: Buffer, random: Random): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + Math.floor(random() * 5_000))
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'))
    at += size
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
