/** Prints the tables of src/routing/README.md: `node test/routing/simulation/report.ts`. A second or two of real time. */
import { usdFromPico } from '../../../src/base/decimal.ts'
import { quantile, type Tally } from './drive.ts'
import { CONVERSATIONS, play, type Rival, ROUGH_DAY, type Scenario, SOLE, THROTTLED_PAIR } from './scenarios.ts'

const SEEDS = [1, 2, 3, 4, 5]
const RIVALS: Rival[] = [
  'litellm',
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'cache-affinity',
]

type Column = [title: string, cell: (sum: Tally) => string]

const perCent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
const usd = (pico: bigint) => `$${Number(usdFromPico(pico)).toFixed(2)}`
const perServed = (pico: bigint, { served }: Tally) =>
  `$${Number(usdFromPico((pico * 1_000n) / BigInt(served))).toFixed(2)}`

const SERVED: Column = ['served', (sum) => perCent(sum.served, sum.calls)]
const LOST: Column = ['lost', (sum) => String(sum.calls - sum.served)]
const ATTEMPTS: Column = ['attempts per call', ({ attempts, calls }) => (attempts / calls).toFixed(3)]
const BAD_ATTEMPTS: Column = ['attempts per bad request', (sum) => (sum.badAttempts / sum.badCalls).toFixed(2)]
const MEDIAN: Column = ['median wait', ({ waitsMs }) => seconds(quantile(waitsMs, 0.5))]
const SLOWEST: Column = ['p99 wait', ({ waitsMs }) => seconds(quantile(waitsMs, 0.99))]
const COST: Column = ['USD per 1,000 served', (sum) => perServed(sum.inputPicoUsd + sum.outputPicoUsd, sum)]
const INPUT: Column = ['input USD', ({ inputPicoUsd }) => usd(inputPicoUsd)]
const WHOLE: Column = ['whole USD', ({ inputPicoUsd, outputPicoUsd }) => usd(inputPicoUsd + outputPicoUsd)]

async function sumOverSeeds(scenario: Scenario, rival: Rival): Promise<Tally> {
  const [first, ...others] = await Promise.all(SEEDS.map((seed) => play(scenario, rival, seed)))
  if (first === undefined) throw new Error('no seed')
  return others.reduce(
    (sum, one) => ({
      calls: sum.calls + one.calls,
      served: sum.served + one.served,
      badCalls: sum.badCalls + one.badCalls,
      badAttempts: sum.badAttempts + one.badAttempts,
      attempts: sum.attempts + one.attempts,
      waitsMs: [...sum.waitsMs, ...one.waitsMs],
      failedWaitsMs: [...sum.failedWaitsMs, ...one.failedWaitsMs],
      inputPicoUsd: sum.inputPicoUsd + one.inputPicoUsd,
      outputPicoUsd: sum.outputPicoUsd + one.outputPicoUsd,
    }),
    first,
  )
}

async function table(
  title: string,
  scenario: Scenario,
  rivals: readonly Rival[],
  columns: readonly Column[],
): Promise<void> {
  const sums = await Promise.all(rivals.map((rival) => sumOverSeeds(scenario, rival)))
  const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  console.log(`${title}: ${sums[0]?.calls.toLocaleString('en')} calls, seeds ${SEEDS.join(', ')}\n`)
  row(['', ...columns.map(([name]) => name)])
  row(['---', ...columns.map(() => '---:')])
  rivals.forEach((rival, index) => {
    const sum = sums[index]
    if (sum !== undefined)
      row([rival === 'litellm' ? 'LiteLLM (model)' : rival, ...columns.map(([, cell]) => cell(sum))])
  })
  console.log('')
}

const rough = [SERVED, LOST, ATTEMPTS, BAD_ATTEMPTS, MEDIAN, SLOWEST, COST]
await table('A rough day', ROUGH_DAY, RIVALS, rough)
await table('Two deployments, one always throttled', THROTTLED_PAIR, ['litellm', 'simple-shuffle'], rough.slice(0, 4))
await table('A sole deployment asked for twice its quota', SOLE, ['litellm', 'simple-shuffle'], rough.slice(0, 3))
await table('Conversations with cache points', CONVERSATIONS, RIVALS, [SERVED, INPUT, WHOLE, MEDIAN])
