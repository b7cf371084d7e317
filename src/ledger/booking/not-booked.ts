/** The log line that stands in for a row until it is replayed. */
import type { EventName } from '../../telemetry/events.ts'
import { eventLine } from '../../telemetry/log.ts'
import type { SpendRecord } from '../record/record.ts'

/** `event` of the log line that stands in for a row until `npm run ledger -- replay FILE` has booked it. */
export const NOT_BOOKED_EVENT = 'spend_record_not_booked' satisfies EventName

export type NotBooked = {
  event: typeof NOT_BOOKED_EVENT
  reason: string
  /** The Meter of a key with limits, which has to hear of the spend; null where no limit applies. */
  meter: string | null
  /** Whole, so that the line alone is enough to book it; as it came where it could not even be checked. */
  record: SpendRecord | unknown
}

/** D1 and the Meter may say much; the record is what the line is for. */
const REASON_MAX_CHARS = 2_048

/** One line of JSON. A checked record fits into it whole; what could not be checked stands there as far as it fits. */
export function notBookedLine(record: unknown, reason: string, meter: string | null): string {
  const line: Omit<NotBooked, 'event'> = { reason: reason.slice(0, REASON_MAX_CHARS), meter, record }
  return eventLine(NOT_BOOKED_EVENT, line)
}
