/** The log line that stands in for a row until it is replayed. */
import type { EventName } from '../../telemetry/events.ts'
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

/** One line of JSON. `event` stands first, so that even a line cut short says what it was. */
export function notBookedLine(record: unknown, reason: string, meter: string | null): string {
  const line: NotBooked = { event: NOT_BOOKED_EVENT, reason, meter, record }
  try {
    return JSON.stringify(line)
  } catch {
    return JSON.stringify({ ...line, record: String(record), reason: `${reason}; the record has no JSON` })
  }
}
