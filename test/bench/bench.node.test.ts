import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readBenchOptions } from './options.ts'
import { compare, interleave, median } from './statistics.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, 'main.ts')

test('a short run measures every variant of every table', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--quick', '--calls', '20'])
  for (const variant of ['bare Worker', 'gateway, ledger off', 'gateway, ledger on']) {
    expect(stdout.split('\n').filter((line) => line.startsWith(variant))).toHaveLength(4)
  }
  expect(stdout).toMatch(/^D1 write per call .*\d/m)
  expect(stdout).toMatch(/^settle and pour .*\d/m)
  expect(stdout).toMatch(/^one Meter, settled .*\d rows\/s$/m)
  expect(stdout).toContain('Only the ratios mean something elsewhere')
})

test('an unknown option ends with exit code 2 and the usage', async () => {
  await expect(run(process.execPath, [MAIN, '--fast'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('usage: npm run bench'),
  })
})

test('a number of calls that is none is refused by name', () => {
  expect(readBenchOptions(['--calls', '0'])).toBe('--calls 0 is not a number of calls')
})

test('a ratio is the median of the quotients within the rounds, so that a slow round counts for both sides', () => {
  const rounds = new Map([
    ['base', [10, 100, 10]],
    ['other', [20, 200, 30]],
  ])
  expect(compare(rounds, 'base')).toEqual([
    { variant: 'base', value: 10, ratio: 1 },
    { variant: 'other', value: 30, ratio: 2 },
  ])
})

test('variants run in turns, every second round from the other end', async () => {
  const order: string[] = []
  await interleave(['a', 'b', 'c'], 2, async (variant) => order.push(variant))
  expect(order.join('')).toBe('abccba')
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})
