/** The path of an operation as AWS writes it, `/model/{modelId}/converse`: read once, then matched and written. */

/** One part between two slashes: a fixed text, or a label that a request fills. */
export type PathSegment = { readonly literal: string } | { readonly label: string }

export type PathTemplate = {
  /** As AWS writes it. */
  readonly text: string
  readonly segments: readonly PathSegment[]
  /** AWS tells `/sessions/` and `/sessions` apart. */
  readonly endsWithSlash: boolean
}

/** Values of the labels of a path, decoded. */
export type Labels = Readonly<Record<string, string>>

const TEMPLATE = /^(?:\/(?:[A-Za-z0-9._-]+|\{[A-Za-z][A-Za-z0-9]*\}))+\/?$/

/** @throws Error for a text that is no path of this form: a fault in a table of operations. */
export function pathTemplate(text: string): PathTemplate {
  if (!TEMPLATE.test(text)) throw new Error(`${JSON.stringify(text)} is not a path as AWS writes them`)
  const endsWithSlash = text.endsWith('/')
  const parts = text.slice(1, endsWithSlash ? -1 : undefined).split('/')
  const segments = parts.map((part) => (part.startsWith('{') ? { label: part.slice(1, -1) } : { literal: part }))
  return { text, segments, endsWithSlash }
}

/**
 * The labels of a request's path, or null where it is another path. The label named `spanning` may hold several of the segments,
 * because people type ARNs with raw slashes.
 */
export function matchPath(template: PathTemplate, path: readonly string[], spanning: string | null): Labels | null {
  const { segments } = template
  const extra = path.length - segments.length
  if (extra < 0 || (extra > 0 && spanning === null)) return null
  const labels: Record<string, string> = {}
  let at = 0
  for (const segment of segments) {
    if ('literal' in segment) {
      if (path[at] !== segment.literal) return null
      at += 1
    } else {
      const end = at + 1 + (segment.label === spanning ? extra : 0)
      labels[segment.label] = path.slice(at, end).join('/')
      at = end
    }
  }
  return at === path.length ? labels : null
}

/**
 * The path with its labels encoded exactly once, slashes included.
 * @throws Error for a label without a value: a fault of the caller.
 */
export function writePath({ segments, endsWithSlash }: PathTemplate, labels: Labels): string {
  const parts = segments.map((segment) => {
    if ('literal' in segment) return segment.literal
    const value = labels[segment.label]
    if (value === undefined) throw new Error(`the label ${segment.label} has no value`)
    return encodeSegment(value)
  })
  return `/${parts.join('/')}${endsWithSlash ? '/' : ''}`
}

/** The path without the names of its labels: two templates of one shape cannot be told apart. */
export function shapeOf({ segments, endsWithSlash }: PathTemplate): string {
  const parts = segments.map((segment) => ('literal' in segment ? segment.literal : '{}'))
  return `/${parts.join('/')}${endsWithSlash ? '/' : ''}`
}

export function labelsOf({ segments }: PathTemplate): string[] {
  return segments.flatMap((segment) => ('label' in segment ? [segment.label] : []))
}

/** RFC 3986 unreserved characters stay, all others are escaped (https://www.rfc-editor.org/rfc/rfc3986#section-2.3). */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
