/**
 * Closes a JSON text that was cut, within the room that the message has left. The message must not only parse: an SDK
 * refuses a union without a member, and code that reads a delta misses its text, before either reaches the exception
 * that follows. So members of Bedrock's events that were cut off come back empty where there is room.
 */
import { finishBase64 } from './complete-base64.ts'
import { finishString } from './complete-string.ts'
import { CHUNK_EVENT, type MembersPolicy, MODEL_CHUNK, ruleOf } from './event-members.ts'
import { type JsonPrefix, type OpenContainer, type OpenToken, readJsonPrefix } from './json-prefix.ts'

const LITERALS = ['true', 'false', 'null']
const latin1 = new TextDecoder('latin1')

/**
 * The bytes that make `prefix` whole JSON, at most `roomBytes`; null where it is no JSON or there is no room.
 * `event` is the event type. After a cut in valid JSON of the announced length there is always room, because the
 * rest that was lost closed the same brackets.
 */
export function completeJson(prefix: Uint8Array, event: string, roomBytes: number): Uint8Array<ArrayBuffer> | null {
  for (const policy of ['named', 'shortest'] as const) {
    const closing = closingOf(prefix, event, policy)
    if (closing === null) return null
    if (closing.length <= roomBytes) return Uint8Array.from(closing, (char) => char.charCodeAt(0))
  }
  return null
}

/** The closing as one character per byte; null where `prefix` is no JSON. */
function closingOf(prefix: Uint8Array, event: string, policy: MembersPolicy): string | null {
  const cut = readJsonPrefix(prefix, event)
  if (cut === null) return null
  const top = cut.open.at(-1)
  if (top !== undefined) return closeContainers(cut, top, policy)
  if (cut.token !== null) return finishValue(cut.token, null, policy)
  return cut.expect === 'value' ? `{${missingMembers({ kind: 'object', name: event, members: [] }, policy)}}` : ''
}

function closeContainers(cut: JsonPrefix, top: OpenContainer, policy: MembersPolicy): string {
  const known = top.kind === 'object' ? ruleOf(top.name, policy).members : new Map<string, string>()
  const unused = [...known.keys()].filter((name) => !top.members.includes(name))
  let closing = ''
  let { expect } = cut

  if (cut.token?.kind === 'key') {
    const begun = latin1.decode(cut.token.text)
    const name = unused.find((candidate) => candidate.startsWith(begun))
    closing += `${name === undefined ? finishString(cut.token.text) : name.slice(begun.length)}"`
    top.members.push(name ?? begun)
    expect = 'colon'
  } else if (cut.token !== null) {
    closing += finishValue(cut.token, top, policy)
    expect = 'comma-or-close'
  } else if (expect === 'member') {
    const name = unused[0] ?? ''
    closing += `"${name}"`
    top.members.push(name)
    expect = 'colon'
  }
  if (expect === 'colon') closing += ':'
  if (expect === 'colon' || expect === 'value') closing += known.get(top.members.at(-1) ?? '') ?? '0'

  for (const container of cut.open.toReversed()) {
    closing += container.kind === 'array' ? ']' : `${missingMembers(container, policy)}}`
  }
  return closing
}

/** The required members that an object lacks, as text before its closing brace. */
function missingMembers({ name, members }: OpenContainer, policy: MembersPolicy): string {
  const rule = ruleOf(name, policy)
  if (rule.union && members.length > 0) return ''
  const missing = rule.required.filter((member) => !members.includes(member))
  const text = missing.map((member) => `"${member}":${rule.members.get(member) ?? '0'}`).join(',')
  return members.length > 0 && text !== '' ? `,${text}` : text
}

function finishValue(token: OpenToken, container: OpenContainer | null, policy: MembersPolicy): string {
  if (token.kind === 'literal') {
    return LITERALS.find((literal) => literal.startsWith(token.text))?.slice(token.text.length) ?? ''
  }
  if (token.kind === 'number') return /\d$/.test(token.text) ? '' : '0'
  const member = container?.kind === 'object' ? container.members.at(-1) : undefined
  if (member === 'bytes' && container?.name === CHUNK_EVENT) {
    return `${finishBase64(token.text, (decoded) => closingOf(decoded, MODEL_CHUNK, policy))}"`
  }
  // The two members that hold base64 of something else: images, and reasoning that the model does not show.
  if (member === 'bytes' || member === 'redactedContent') return `${finishBase64(token.text, () => null)}"`
  return `${finishString(token.text)}"`
}
