/** What a request asks for, read from whichever body form it has. */

/** The rule by which the simulator counts: four characters are one token, and there is always one at least. */
const CHARS_PER_TOKEN = 4

export type Json = Readonly<Record<string, unknown>>

export type Prompt = {
  inputTokens: number
  /** Text of the last message, or the prompt. */
  lastText: string
  maxTokens: number | null
  stopSequences: readonly string[]
}

export function countTokens(chars: number): number {
  return Math.max(1, Math.ceil(chars / CHARS_PER_TOKEN))
}

/** Characters that so many tokens stand for. */
export function charsOf(tokens: number): number {
  return tokens * CHARS_PER_TOKEN
}

export function readPrompt(body: Json): Prompt {
  const messages = Array.isArray(body.messages) ? body.messages : []
  const parts = [body.system, ...messages, body.prompt, body.inputText, body.message, body.texts].map(textOf)
  const config = { ...object(body.textGenerationConfig), ...object(body.inferenceConfig), ...body }
  return {
    inputTokens: countTokens(parts.reduce((sum, part) => sum + part.length, 0)),
    lastText: parts.findLast((part) => part !== '') ?? '',
    maxTokens: firstNumber(config, [
      'maxTokens',
      'max_new_tokens',
      'max_tokens',
      'max_completion_tokens',
      'maxTokenCount',
      'max_gen_len',
    ]),
    stopSequences: firstStrings(config, ['stopSequences', 'stop_sequences', 'stop']),
  }
}

/** Input tokens of a CountTokens request: the same number that the call itself would report. `null`: no such input. */
export function readCountTokensInput(body: Json): number | null {
  const input = object(body.input)
  if (input.converse !== undefined) return readPrompt(object(input.converse)).inputTokens
  const blob = object(input.invokeModel).body
  const invoked = typeof blob === 'string' ? parseObject(Buffer.from(blob, 'base64')) : null
  return invoked === null ? null : readPrompt(invoked).inputTokens
}

/** A JSON object, or `null` for anything else. */
export function parseObject(bytes: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
  } catch {
    return null
  }
}

/** The value where it is an object, else an empty one. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

/** Text of a message or a content block; what is no text counts as its JSON. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join('')
  const { text, content } = object(value)
  if (typeof text === 'string') return text
  return content === undefined ? JSON.stringify(value) : textOf(content)
}

function firstNumber(config: Json, names: readonly string[]): number | null {
  const found = names.map((name) => config[name]).find((value) => typeof value === 'number')
  return typeof found === 'number' ? found : null
}

function firstStrings(config: Json, names: readonly string[]): readonly string[] {
  const found = names.map((name) => config[name]).find((value) => Array.isArray(value) || typeof value === 'string')
  return [found].flat().filter((value): value is string => typeof value === 'string' && value !== '')
}
