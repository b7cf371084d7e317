/** The end of a call: its record is made, said in the log, and handed to the ledger behind the answer. */

import type { Background } from '../../base/background.ts'
import type { Deployment } from '../../config/types.ts'
import type { Env } from '../../env.ts'
import { settle } from '../../ledger/booking/settle.ts'
import type { Router } from '../../routing/router.ts'
import { logLine } from '../../telemetry/log.ts'
import type { Call } from '../call.ts'
import type { Delivery } from '../upstream/attempt.ts'
import type { Ending } from './ending.ts'
import { recordOf } from './record-of-call.ts'

export type CloseDeps = { env: Env; ctx: Background; router: Router }

/** What the caller knows of the end; the rest stands in the call. */
export type Closing = Omit<Ending, 'deployment' | 'fallbacks' | 'awsRequestId' | 'msToFirstFrame' | 'endedAtMs'>

/** Where the call ended up. */
export type Routed = { deployment: Deployment; fallbacks: number; value?: Delivery }

/** Synchronous but for the ledger, which `waitUntil` holds: the Meter first, D1 past it, the log as the last resort. */
export function closeCall(
  call: Call,
  { deployment, fallbacks, value }: Routed,
  deps: CloseDeps,
  closing: Closing,
): void {
  const firstFrameAtMs = value?.firstFrameAtMs ?? null
  const record = recordOf(call, {
    ...closing,
    deployment,
    fallbacks,
    awsRequestId: value?.awsRequestId ?? call.attempts.at(-1)?.aws_request_id ?? null,
    msToFirstFrame: firstFrameAtMs === null ? null : firstFrameAtMs - call.startedMs,
    endedAtMs: Date.now(),
  })
  const { inputTokens = 0, outputTokens = 0, cacheWriteInputTokens = 0 } = record.usage ?? {}
  deps.router.finished(deployment, { inputTokens, outputTokens, cacheWriteInputTokens })
  call.disconnect.end()
  logLine('call', { ...record })
  if (deps.env.LEDGER === 'off') return
  deps.ctx.waitUntil(settle(record, { meter: deps.env.METER, db: deps.env.DB, log: (line) => console.log(line) }))
}
