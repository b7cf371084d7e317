/**
 * The one end of every call that began, whatever happened to it. It gives back what the call holds (memory of its body, its
 * place on a deployment, timers) and writes what the call leaves: a record if an upstream was asked, and a line in the log.
 */
import type { Background } from '../../base/background.ts'
import type { Env } from '../../env.ts'
import { settle } from '../../ledger/booking/settle.ts'
import type { SpendRecord } from '../../ledger/record/record.ts'
import type { Usage } from '../../routing/strategies/strategy.ts'
import { describeCause, logLine } from '../../telemetry/log.ts'
import type { Call } from '../call.ts'
import { type CallEnd, endingOf } from './ending.ts'
import { bareRecordOf, recordOfCall } from './record-of-call.ts'

export type CloseDeps = { env: Env; ctx: Background }

/** Synchronous but for the ledger, which `waitUntil` holds: the Meter first, D1 past it, the log as the last resort. */
export function endCall(call: Call, end: CallEnd, { env, ctx }: CloseDeps): void {
  if (end.kind === 'fault') logFault(call, end.cause)
  if (call.isOver) return
  call.isOver = true
  const record = recordOf(call, end)
  giveBack(call, record)
  if (record === null) {
    if (end.kind === 'refused') logRefusal(call, end)
    return
  }
  logLine('call', { ...record })
  if (env.LEDGER === 'off') return
  ctx.waitUntil(settle(record, { meter: env.METER, db: env.DB, log: (line) => console.log(line) }))
}

/** null where no upstream was asked. A fault in making the record must not cost the row, so the bare facts take its place. */
function recordOf(call: Call, end: CallEnd): SpendRecord | null {
  const { admitted } = call
  const asked = call.attempts.findLast((attempt) => attempt.sentMs !== null)
  if (admitted === null || asked === undefined) return null
  const given = end.kind === 'fault' ? null : end.ending
  const ending = given ?? endingOf({ deployment: asked.deployment, fallbacks: 0 }, Date.now())
  try {
    return recordOfCall(admitted, ending, Date.now())
  } catch (cause) {
    logFault(call, cause)
    return bareRecordOf(admitted, ending, Date.now())
  }
}

/** Gives back everything that the call holds, also where giving back one of them throws. */
function giveBack(call: Call, record: SpendRecord | null): void {
  const { inputTokens = 0, outputTokens = 0, cacheWriteInputTokens = 0 } = record?.usage ?? {}
  const usage: Usage = { inputTokens, outputTokens, cacheWriteInputTokens }
  for (const hold of call.holds.splice(0)) {
    try {
      hold(usage)
    } catch (cause) {
      logFault(call, cause)
    }
  }
}

function logFault(call: Call, cause: unknown): void {
  logLine('fault', { request_id: call.id, cause: describeCause(cause) })
}

function logRefusal(call: Call, { refusal }: Extract<CallEnd, { kind: 'refused' }>): void {
  const attempts = call.attempts.map(({ deployment, failure }) => ({
    deployment: deployment.id,
    error_type: failure?.type ?? null,
  }))
  logLine('refused', {
    request_id: call.id,
    method: call.method,
    refusal: refusal.kind,
    ...(call.admitted === null ? {} : { model_group: call.admitted.model, attempts }),
  })
}
