/** An answer before it takes the form of an operation or a model family. The same request always gives the same one. */
import type { Fault } from '../faults.ts'
import { charsOf, countTokens, type Prompt } from './prompt.ts'

/** Longest piece of the prompt that an answer repeats, in characters. */
const QUOTE_MAX_CHARS = 200

/** Text of one frame when only the number of frames is given, in characters. */
const FRAME_CHARS = 4

/** The latencies reported: invented, but the same for the same answer. */
const FIRST_TOKEN_MS = 100
const PER_TOKEN_MS = 10

export type Usage = {
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens?: number
  cacheWriteInputTokens?: number
  cacheDetails?: readonly { ttl: string; inputTokens: number }[]
}

export type Draft = {
  model: string
  /** The text in the pieces in which it is streamed. Made anew at each call, so that huge answers need no memory. */
  pieces: () => Iterable<string>
  stop: 'end' | 'length' | 'stop-sequence'
  stopSequence: string | null
  /** `null`: the answer reports none. */
  usage: Usage | null
  omitTotals: boolean
  serviceTier: string | null
  performanceLatency: string | null
  latencyMs: number
  firstByteMs: number
}

/** What the request asked for by header or body and the answer confirms. */
export type Served = { serviceTier: string | null; performanceLatency: string | null }

export function draftAnswer(model: string, prompt: Prompt, asked: Served, fault: Fault): Draft {
  const content = fault.frames === undefined ? composed(model, prompt, fault) : repeated(fault.frames, fault.frameChars)
  const usage = { inputTokens: prompt.inputTokens, outputTokens: countTokens(content.chars), ...fault.usage }
  return {
    model,
    pieces: content.pieces,
    stop: content.stop,
    stopSequence: content.stopSequence,
    usage: fault.omitUsage === true ? null : usage,
    omitTotals: fault.omitTotals === true,
    serviceTier: fault.serviceTier ?? asked.serviceTier,
    performanceLatency: fault.performanceLatency ?? asked.performanceLatency,
    latencyMs: FIRST_TOKEN_MS + PER_TOKEN_MS * usage.outputTokens,
    firstByteMs: FIRST_TOKEN_MS,
  }
}

export function textOf(draft: Draft): string {
  return Array.from(draft.pieces()).join('')
}

/** Input and output with everything read from and written to the cache: AWS's `totalTokens`. */
export function totalTokens(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + (usage.cacheReadInputTokens ?? 0) + (usage.cacheWriteInputTokens ?? 0)
}

type Content = Pick<Draft, 'pieces' | 'stop' | 'stopSequence'> & { chars: number }

function composed(model: string, prompt: Prompt, fault: Fault): Content {
  const full =
    fault.text ??
    filled(`This is a simulated answer of ${model} to: ${prompt.lastText.slice(0, QUOTE_MAX_CHARS)}`, fault)
  const ends = prompt.stopSequences
    .map((sequence) => ({ sequence, at: full.indexOf(sequence) }))
    .filter(({ at }) => at !== -1)
    .sort((a, b) => a.at - b.at)
  const end = ends[0]
  const stopped = end === undefined ? full : full.slice(0, end.at)
  const room = prompt.maxTokens === null || fault.bodyBytes !== undefined ? Infinity : charsOf(prompt.maxTokens)
  const text = stopped.slice(0, room)
  const stop = text.length < stopped.length ? 'length' : end === undefined ? 'end' : 'stop-sequence'
  return {
    pieces: () => text.match(/\s*\S+|\s+$/g) ?? [],
    stop,
    stopSequence: stop === 'stop-sequence' ? (end?.sequence ?? null) : null,
    chars: text.length,
  }
}

/** One character is one byte here, so the body is at least as large as asked for. */
function filled(text: string, fault: Fault): string {
  return fault.bodyBytes === undefined ? text : text.padEnd(fault.bodyBytes, ' and so on')
}

function repeated(frames: number, frameChars: number = FRAME_CHARS): Content {
  const piece = 'x'.repeat(frameChars)
  return {
    *pieces() {
      for (let index = 0; index < frames; index += 1) yield piece
    },
    stop: 'end',
    stopSequence: null,
    chars: frames * frameChars,
  }
}
