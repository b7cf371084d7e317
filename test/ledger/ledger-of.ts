/** Rows of the ledger with this model group, and whether the roll-up of it says the same as they do. */
export async function ledgerOf(db: D1Database, modelGroup: string) {
  const rows = await db
    .prepare(
      'SELECT request_id, CAST(cost_nano_usd AS TEXT) AS nano, cost_state, verdict FROM spend_logs WHERE model_group = ? ORDER BY request_id',
    )
    .bind(modelGroup)
    .all<{ request_id: string; nano: string | null; cost_state: string; verdict: string }>()
  const daily = await db
    .prepare(
      'SELECT sum(calls) AS calls, CAST(sum(priced_nano_usd) + sum(estimated_nano_usd) AS TEXT) AS nano FROM spend_daily WHERE model_group = ?',
    )
    .bind(modelGroup)
    .first<{ calls: number; nano: string }>()
  const counted = rows.results.filter((row) => row.verdict !== 'unknown')
  return {
    ids: rows.results.map((row) => row.request_id),
    rows: rows.results,
    nano: counted.reduce((sum, row) => sum + BigInt(row.nano ?? '0'), 0n),
    calls: counted.length,
    daily: { calls: daily?.calls ?? 0, nano: BigInt(daily?.nano ?? '0') },
  }
}
