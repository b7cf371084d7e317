/** Calls as teams make them, from a seed. */
import type { CallSpec } from './drive.ts'
import type { Prompt } from './world.ts'

const encoder = new TextEncoder()
const cachePoint = { cachePoint: { type: 'default' } }

type Rate = { fromMs: number; perSecond: number }

/** Single calls without a cache point, arriving at random (Poisson) at rates that change over time. */
export function singleCalls(
  rates: readonly Rate[],
  endMs: number,
  random: () => number,
  groupOf: () => string = () => 'm',
): CallSpec[] {
  const calls: CallSpec[] = []
  const bodyBytes = encoder.encode(JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] }))
  for (let atMs = 0; atMs < endMs; ) {
    const perSecond = rates.findLast(({ fromMs }) => fromMs <= atMs)?.perSecond ?? 1
    atMs += (-Math.log(1 - random()) / perSecond) * 1_000
    const prompt: Prompt = {
      isBad: random() < 0.02,
      inputTokens: 500 + Math.floor(random() * 4_000),
      outputTokens: 50 + Math.floor(random() * 500),
      maxTokens: 1_024,
      cache: null,
    }
    calls.push({ atMs, group: groupOf(), streams: random() < 0.7, prompt, bodyBytes })
  }
  return calls
}

/**
 * Conversations with agents: a long system prompt that several of them share, tools' output in every turn, and a cache point
 * behind the system prompt and behind the newest message.
 */
export function conversations(count: number, systems: number, overMs: number, random: () => number): CallSpec[] {
  const calls: CallSpec[] = []
  for (let conversation = 0; conversation < count; conversation++) {
    // A few system prompts make most of the calls, as products do.
    const systemId = `system ${Math.floor(systems * random() ** 2)}`
    const systemTokens = 6_000
    let prefixTokens = systemTokens
    let atMs = random() * overMs
    const messages: { role: string; content: unknown[] }[] = []
    const turns = 4 + Math.floor(random() * 9)
    for (let turn = 0; turn < turns; turn++) {
      prefixTokens += 300 + Math.floor(random() * 3_000)
      messages.push({ role: 'user', content: [{ text: `${conversation}: question ${turn}` }, cachePoint] })
      // The mark moves to the newest message, as agents set it.
      for (const message of messages.slice(0, -1)) message.content = message.content.slice(0, 1)
      const body = { messages, system: [{ text: systemId }, cachePoint] }
      const outputTokens = 100 + Math.floor(random() * 400)
      calls.push({
        atMs,
        group: 'm',
        streams: true,
        prompt: {
          isBad: false,
          inputTokens: prefixTokens,
          outputTokens,
          maxTokens: 2_048,
          cache: { systemId, systemTokens, conversationId: `conversation ${conversation}`, prefixTokens },
        },
        bodyBytes: encoder.encode(JSON.stringify(body)),
      })
      messages.push({ role: 'assistant', content: [{ text: `${conversation}: answer ${turn}` }] })
      prefixTokens += outputTokens
      atMs += 5_000 + random() * 55_000
    }
  }
  return calls.toSorted((one, other) => one.atMs - other.atMs)
}
