/**
 * Calls that end at about the same time in one isolate go to their Meter in one message: a message costs as much CPU as all
 * else that settling does. Only for keys without limits, whose calls may lie in any shard.
 *
 * The message is sent in the context of the call that began it. Should that context be gone, the others hear nothing, run into
 * their own deadline and book into D1 directly, where the primary key makes sure of once.
 */
import type { SettleAnswer } from '../meter/accounts.ts'
import type { Meter } from '../meter/meter.ts'
import { shardName } from '../meter/name.ts'

/** How long calls gather. Nobody waits for it: the answer has gone out before. */
const GATHER_MS = 5

/** At most 32 KiB each, so that a message stays far below the 32 MiB that an RPC may have. */
const GATHERED_RECORDS_MAX = 100

type Waiting = { json: string; resolve(answer: SettleAnswer): void; reject(reason: unknown): void }

const gatherings = new WeakMap<DurableObjectNamespace<Meter>, Waiting[]>()

/** Settles a checked record with those of the next milliseconds, in the shard of the first of them. Rejects as the RPC does. */
export function settleGathered(
  namespace: DurableObjectNamespace<Meter>,
  requestId: string,
  json: string,
): Promise<SettleAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SettleAnswer>()
  const waiting = { json, resolve, reject }
  const running = gatherings.get(namespace)
  if (running !== undefined && running.length < GATHERED_RECORDS_MAX) {
    running.push(waiting)
    return promise
  }
  const gathered = [waiting]
  gatherings.set(namespace, gathered)
  setTimeout(() => {
    if (gatherings.get(namespace) === gathered) gatherings.delete(namespace)
    void send(namespace, shardName(requestId), gathered)
  }, GATHER_MS)
  return promise
}

async function send(
  namespace: DurableObjectNamespace<Meter>,
  shard: string,
  gathered: readonly Waiting[],
): Promise<void> {
  try {
    // A stub that has failed stays broken, so each message takes a new one.
    const answers = await namespace.get(namespace.idFromName(shard)).settleMany(gathered.map(({ json }) => json))
    for (const [index, { resolve, reject }] of gathered.entries()) {
      const answer = answers[index]
      if (answer === undefined) reject(new Error('the Meter left a record out'))
      else resolve(answer)
    }
  } catch (error) {
    for (const { reject } of gathered) reject(error)
  }
}
