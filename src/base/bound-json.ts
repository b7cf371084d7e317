/**
 * A copy of a value from outside that is JSON for certain and within bounds, whatever the value is: nested a hundred thousand deep,
 * a million keys wide, with cycles, getters that throw, bigints, halves of surrogate pairs.
 */

export type JsonBounds = {
  /** Objects and lists inside each other; the value itself is the first. */
  maxDepth: number
  /** Members and elements in all. */
  maxEntries: number
  /** Characters of one text or name, in UTF-16 units. */
  maxTextChars: number
  /** Characters of the whole as `JSON.stringify` writes it, in UTF-16 units. */
  maxChars: number
}

/** `truncated`: something was left out, shortened or replaced. */
export type BoundJson = { value: unknown; truncated: boolean }

export function boundJson(value: unknown, bounds: JsonBounds): BoundJson {
  const left = { entries: bounds.maxEntries, chars: bounds.maxChars }
  let truncated = false

  /** `undefined` where nothing of the value can be kept. */
  function copy(given: unknown, depth: number): unknown {
    const kept = copyAny(given, depth)
    if (kept === undefined || (kept !== given && typeof kept !== 'object')) truncated = true
    return kept
  }

  function copyAny(given: unknown, depth: number): unknown {
    if (typeof given === 'string') return copyText(given)
    if (typeof given === 'boolean' || given === null) return spend(given === false ? 5 : 4) ? given : undefined
    if (typeof given === 'number') return copyNumber(given)
    if (typeof given !== 'object' || depth > bounds.maxDepth || !spend(2)) return undefined
    return Array.isArray(given) ? copyList(given, depth) : copyObject(given, depth)
  }

  function copyText(given: string): string | undefined {
    const text = wellFormed(given.length > bounds.maxTextChars ? given.slice(0, bounds.maxTextChars) : given)
    if (spend(JSON.stringify(text).length)) return text
    const shorter = text.slice(0, Math.max(0, Math.floor((left.chars - 2) / ESCAPE_CHARS_MAX))).toWellFormed()
    return shorter !== '' && spend(JSON.stringify(shorter).length) ? shorter : undefined
  }

  function copyNumber(given: number): number | undefined {
    return Number.isFinite(given) && spend(String(given).length) ? given : undefined
  }

  function copyList(given: readonly unknown[], depth: number): unknown[] {
    const list: unknown[] = []
    for (let index = 0; index < given.length; index++) {
      if (!enter()) break
      const element = copy(read(given, index), depth + 1)
      if (element !== undefined) list.push(element)
    }
    return list
  }

  function copyObject(given: object, depth: number): unknown {
    const entries: [string, unknown][] = []
    for (const key of keysOf(given)) {
      const member = read(given, key)
      // What JSON leaves out without a word is not missed here either.
      if (member === undefined) continue
      if (!enter()) break
      const name = wellFormed(key)
      if (name.length > bounds.maxTextChars || !spend(JSON.stringify(name).length + 1)) {
        truncated = true
        continue
      }
      if (name !== key) truncated = true
      const copied = copy(member, depth + 1)
      if (copied !== undefined) entries.push([name, copied])
    }
    // Not by assignment, to which the name `__proto__` is no member.
    return Object.fromEntries(entries)
  }

  /** Takes a place for one more member or element, and its comma. */
  function enter(): boolean {
    left.entries -= 1
    if (left.entries >= 0 && spend(1)) return true
    truncated = true
    return false
  }

  function spend(chars: number): boolean {
    if (chars > left.chars) return false
    left.chars -= chars
    return true
  }

  return { value: copy(value, 1), truncated }
}

/** `\u0001` stands for one character. */
const ESCAPE_CHARS_MAX = 6

/** Text that SQLite and every JSON parser take: no half of a surrogate pair, and no NUL, at which SQLite ends a string. */
export function wellFormed(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\u{fffd}')
}

/** A getter or a proxy may throw; what it would have given is not worth the row. */
function read(holder: object, key: string | number): unknown {
  try {
    const member: unknown = Reflect.get(holder, key)
    return member instanceof Date && !Number.isNaN(member.getTime()) ? member.toISOString() : member
  } catch {
    return null
  }
}

function keysOf(given: object): string[] {
  try {
    return Object.keys(given)
  } catch {
    return []
  }
}
