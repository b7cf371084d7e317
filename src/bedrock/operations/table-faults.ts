/** What is wrong with a table of operations: entries that leave something open, contradict themselves, or cannot be told apart. */
import { type Operation, type Place, RESOURCE_KINDS } from './operation.ts'
import { labelsOf, shapeOf } from './path-template.ts'
import { SERVICES } from './services.ts'

type Rule = (value: unknown, operation: Operation) => boolean

const oneOf =
  (...allowed: readonly unknown[]): Rule =>
  (value) =>
    allowed.includes(value)

/** For every property what it may be. A property that the type has and this table has not does not compile. */
const RULES: Readonly<Record<keyof Operation, Rule>> = {
  name: (value) => typeof value === 'string' && /^[A-Z][A-Za-z]+$/.test(value),
  service: (value) => typeof value === 'string' && Object.hasOwn(SERVICES, value),
  method: oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: (_value, { path }) => {
    const labels = labelsOf(path)
    const [first] = path.segments
    return first !== undefined && 'literal' in first && new Set(labels).size === labels.length
  },
  resource: (_value, operation) =>
    operation.resource.kind === 'account' ||
    (RESOURCE_KINDS.includes(operation.resource.kind) && isPlace(operation.resource.at, operation)),
  answer: (_value, { answer }) => isAnswer(answer),
  successStatuses: (_value, { successStatuses }) =>
    successStatuses.length > 0 && successStatuses.every((status) => status >= 200 && status < 300),
  bills: oneOf('model', 'guardrail', 'nothing'),
  usage: (value) => typeof value === 'function',
  pricedByRequest: oneOf('always', 'by-model', 'never'),
  fallback: oneOf('any-group', 'same-body-family', 'none'),
  repeat: oneOf('always', 'before-sending'),
  credentials: (_value, { credentials }) =>
    credentials.length > 0 && credentials.every((kind) => kind === 'keys' || kind === 'api-key'),
  health: oneOf('deployment', 'own'),
  requestMetadata: (_value, { requestMetadata }) => requestMetadata === null || isPlace(requestMetadata),
  guardrail: (_value, operation) => operation.guardrail === null || isPlace(operation.guardrail, operation),
  serviceTier: (_value, operation) => operation.serviceTier === null || isPlace(operation.serviceTier, operation),
  probe: (_value, { probe }) =>
    probe === null || ((probe.cost === 'free' || probe.cost === 'paid') && typeof probe.body === 'string'),
}

const PROPERTIES = Object.keys(RULES) as (keyof Operation)[]

/** In words, one a fault; empty for a sound table. */
export function tableFaults(entries: readonly Operation[]): string[] {
  return [
    ...entries.flatMap(entryFaults),
    ...twins(entries, (operation) => operation.name, 'the same name'),
    ...twins(entries, ({ method, path }) => `${method} ${path === undefined ? '' : shapeOf(path)}`, 'the same path'),
    ...twins(entries, ({ probe }) => probe?.cost ?? null, 'a health probe of the same cost'),
  ]
}

function entryFaults(operation: Operation): string[] {
  const faulty = PROPERTIES.filter((property) => !keeps(RULES[property], operation[property], operation))
  return faulty.map((property) => `${operation.name ?? 'an entry without a name'} leaves ${property} open or wrong`)
}

/** A value of another shape than its type makes a rule throw, and then it is not kept. */
function keeps(rule: Rule, value: unknown, operation: Operation): boolean {
  try {
    return rule(value, operation)
  } catch {
    return false
  }
}

/** A label must stand in the path; a name and a member must be given. `operation` only where a label is allowed. */
function isPlace(place: Place, operation?: Operation): boolean {
  switch (place.in) {
    case 'path':
      return operation !== undefined && labelsOf(operation.path).includes(place.label)
    case 'body':
      return place.path.length > 0 && place.path.every((name) => typeof name === 'string' && name !== '')
    case 'header':
      return /^[a-z0-9-]+$/.test(place.name)
    default:
      return place satisfies never
  }
}

function isAnswer(answer: Operation['answer']): boolean {
  if (answer.kind !== 'event-stream') return answer.kind === 'json' || answer.kind === 'blob'
  const { content, usageIn, end, cut } = answer
  const endIsKnown =
    end.by === 'clean-end' ||
    (end.by === 'event' && end.event !== '') ||
    (end.by === 'model-chunks' && usageIn.kind === 'model-chunks')
  const usageIsKnown =
    usageIn.kind === 'nowhere' || (['event', 'model-chunks'].includes(usageIn.kind) && usageIn.event !== '')
  return content.length > 0 && usageIsKnown && endIsKnown && /^[a-z][A-Za-z]+Exception$/.test(cut)
}

/** Entries that have in common what must be one entry's own; null is nobody's. */
function twins(entries: readonly Operation[], keyOf: (operation: Operation) => string | null, what: string): string[] {
  const groups = Map.groupBy(entries, keyOf)
  return [...groups].flatMap(([key, group]) =>
    key === null || group.length === 1 ? [] : [`${group.map(({ name }) => name).join(' and ')} have ${what}`],
  )
}
