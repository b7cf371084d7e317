import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { spendRecord } from './records.ts'

const HOST = fileURLToPath(new URL('./kill-host.mjs', import.meta.url))
/** Records to wait for before each kill; uneven, so that kills fall before, into and after a pour. */
const KILL_AFTER = [700, 1_100, 1_600, 2_300]
const CLIENTS = 16

let folder: string
const children = new Set<ChildProcess>()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kill test '))
})
afterAll(() => {
  for (const child of children) kill(child)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Starts the host in a process group of its own, so that workerd dies with it. */
async function start(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [HOST, folder], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (\S+)/.exec(line)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error('the host ended before it was ready')
}

function kill(child: ChildProcess): void {
  children.delete(child)
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  process.kill(-child.pid, 'SIGKILL')
}

type Ledger = { ids: string[]; calls: number; nano: string; limited: string }
const ledgerAt = async (url: string) => (await (await fetch(`${url}ledger`)).json()) as Ledger

it('loses no acknowledged record and doubles none when workerd is killed again and again under load', async () => {
  const acknowledged: string[] = []
  let sent = 0

  /** Sends one record after the other until the host is gone. Every second one goes through the Meter of a limited key. */
  async function client(url: string): Promise<void> {
    for (;;) {
      const isLimited = sent++ % 2 === 0
      const record = spendRecord({ api_key: isLimited ? 'limited' : null })
      try {
        const path = isLimited ? 'settle?meter=limited' : 'settle'
        const answer = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(record) })
        const settled = (await answer.json()) as { via: string }
        if (settled.via !== 'log') acknowledged.push(record.request_id)
      } catch {
        return
      }
    }
  }

  for (const [round, records] of KILL_AFTER.entries()) {
    const { child, url } = await start()
    if (round === 0) await fetch(`${url}migrate`)
    const before = acknowledged.length
    const clients = Array.from({ length: CLIENTS }, () => client(url))
    await expect.poll(() => acknowledged.length - before, { timeout: 30_000 }).toBeGreaterThan(records)
    kill(child)
    await Promise.all(clients)
  }

  const { child, url } = await start()
  // No Meter is touched by a request from here on: the alarms have to have survived by themselves.
  const missing = async () => {
    const booked = new Set((await ledgerAt(url)).ids)
    return acknowledged.filter((id) => !booked.has(id)).length
  }
  await expect.poll(missing, { timeout: 30_000, interval: 500 }).toBe(0)

  const ledger = await ledgerAt(url)
  const doubled = ledger.ids.length - new Set(ledger.ids).size + (ledger.calls - ledger.ids.length)
  console.log(
    `kill -9 × ${KILL_AFTER.length}: sent ${sent}, acknowledged ${acknowledged.length}, booked ${ledger.ids.length}, lost 0, doubled ${doubled}`,
  )
  expect(doubled).toBe(0)
  expect(BigInt(ledger.nano)).toBe(BigInt(ledger.ids.length) * 609_000n)

  const status = (await (await fetch(`${url}status?meter=limited`)).json()) as { spentNanoUsd: string; outbox: number }
  expect(status).toMatchObject({ spentNanoUsd: ledger.limited, outbox: 0 })
  kill(child)
}, 120_000)
