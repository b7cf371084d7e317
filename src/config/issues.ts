/** Collects faults and warnings while a configuration is read; a fault never ends the reading, so that all are reported. */

/** One fault or warning, with the path of the setting in the file (`model_list[2].litellm_params.aws_region_name`). */
export type ConfigIssue = {
  severity: 'error' | 'warning'
  path: string
  message: string
  /** The warning names what is left out; `config check --strict` makes it an error. */
  isLeftOut?: true
}

export { isObject, type JsonObject } from '../base/json.ts'

export type Issues = {
  error: (path: string, message: string) => void
  warn: (path: string, message: string) => void
  leaveOut: (path: string, message: string) => void
  all: () => readonly ConfigIssue[]
}

export function collectIssues(): Issues {
  const found: ConfigIssue[] = []
  const add = (issue: ConfigIssue) => {
    // A list that two settings share is judged once for each of them; one line is enough.
    const isKnown = found.some(({ path, message }) => path === issue.path && message === issue.message)
    if (!isKnown) found.push(issue)
  }
  return {
    error: (path, message) => add({ severity: 'error', path, message }),
    warn: (path, message) => add({ severity: 'warning', path, message }),
    leaveOut: (path, message) => add({ severity: 'warning', path, message, isLeftOut: true }),
    all: () => found,
  }
}

/** What a reader calls the JSON type of a value. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'number' ? 'a number' : 'text'
}
