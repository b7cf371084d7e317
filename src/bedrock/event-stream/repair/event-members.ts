/**
 * What the objects inside Bedrock's stream events hold, as far as it matters for closing one that was cut: the names
 * that may be completed, each with the least value that every SDK reads, and those that must not be missing.
 * Nothing here means anything to a reader: texts are empty, and counters of tokens are left out.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */

export type ObjectRule = {
  /** Least value as JSON by name, the likeliest name first. */
  members: ReadonlyMap<string, string>
  required: readonly string[]
  /** A union has exactly one member, so the required one is added to an empty object only. */
  union: boolean
}

function rule(members: Record<string, string>, required: readonly string[], union = false): ObjectRule {
  return { members: new Map(Object.entries(members)), required, union }
}

/** By the name of the member that the object is the value of; for a whole payload, the event type. */
const RULES: ReadonlyMap<string, ObjectRule> = new Map([
  ['messageStart', rule({ role: '"assistant"' }, ['role'])],
  ['contentBlockStart', rule({ contentBlockIndex: '0', start: '{"toolUse":{"name":"","toolUseId":""}}' }, [])],
  ['start', rule({ toolUse: '{"name":"","toolUseId":""}' }, ['toolUse'], true)],
  ['contentBlockDelta', rule({ contentBlockIndex: '0', delta: '{"text":""}' }, ['contentBlockIndex', 'delta'])],
  [
    'delta',
    rule(
      {
        text: '""',
        toolUse: '{"input":""}',
        reasoningContent: '{"text":""}',
        toolResult: '[]',
        citation: '{}',
        image: '{}',
      },
      ['text'],
      true,
    ),
  ],
  ['toolUse', rule({ input: '""', name: '""', toolUseId: '""', type: '""' }, [])],
  ['reasoningContent', rule({ text: '""', signature: '""', redactedContent: '""' }, ['text'], true)],
  ['contentBlockStop', rule({ contentBlockIndex: '0' }, ['contentBlockIndex'])],
  ['messageStop', rule({ stopReason: '""' }, ['stopReason'])],
  ['metadata', rule({ metrics: '{}', usage: '{}' }, [])],
  // The base64 is that of the chunk below.
  ['chunk', rule({ bytes: '"eyJ0eXBlIjoicGluZyJ9"' }, ['bytes'])],
])

/** The event whose `bytes` are base64 of a model's own JSON. */
export const CHUNK_EVENT = 'chunk'

/**
 * A model's own chunk. Nothing is added to one that has begun; an empty one becomes Anthropic's `ping`, which its SDKs
 * expect anywhere in a stream and readers of other families skip.
 */
export const MODEL_CHUNK = 'model-chunk'
const MODEL_CHUNK_RULE = rule({ type: '"ping"' }, ['type'], true)

const NO_RULE = rule({}, [])

/** Which members a closing may bring back: those of the rules, or none, which gives the shortest closing. */
export type MembersPolicy = 'named' | 'shortest'

export function ruleOf(object: string, policy: MembersPolicy): ObjectRule {
  if (policy === 'shortest') return NO_RULE
  return object === MODEL_CHUNK ? MODEL_CHUNK_RULE : (RULES.get(object) ?? NO_RULE)
}
