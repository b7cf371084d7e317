/** Rows about the ledger and its prices: something new, planted in the files that the row names. */
import type { PlantedThing } from './planted-thing.ts'

const FIELDS = 'src/ledger/record/fields.ts'
const METERS = 'src/ledger/cost/meters.ts'
const PRICE_ROW = 'src/ledger/prices/price-row.ts'

/** A price row with the meters that are planted below. */
const PLANTED_ROW = `{ id: 'x', scopes: [], regions: [], tier: 'default', source: '', how: 'listed', meters: { cacheWrite24h: '0.5' }, other: { plantedUnit: '2' } }`

/** What a reading costs by that row, in pico-dollars, and what is missing of it. */
const PRICED = {
  'src/ledger/cost/formula.ts': 'priceReading',
  'src/bedrock/usage/reading.ts': 'EMPTY_READING',
}
const priced = (reading: string) => `(({ knownPicoUsd, gaps }) => [String(knownPicoUsd), gaps])(
  priceReading({ ...EMPTY_READING, ${reading} }, ${PLANTED_ROW}, null))`

export const MONEY_ROWS: Readonly<Record<string, PlantedThing>> = {
  'field of the spend row': {
    steps: [
      {
        edits: [
          {
            file: 'src/relay/close/record-of-call.ts',
            from: '    request_id: call.id,\n',
            to: '    request_id: call.id,\n    planted_flag: true,\n',
          },
        ],
        asks: ['src/relay/close/record-of-call.ts'],
      },
      {
        edits: [
          {
            file: FIELDS,
            from: 'export const FIELDS = {\n',
            to: "export const FIELDS = {\n  planted_flag: { kind: 'boolean', description: 'Planted' },\n",
          },
          {
            file: 'src/ledger/migrations/9999_planted.sql',
            to: 'ALTER TABLE spend_logs ADD COLUMN planted_flag INTEGER;\n',
          },
          {
            file: 'src/ledger/schema/migrations.ts',
            from: 'export const MIGRATIONS: readonly Migration[] = [\n',
            to: "import planted from '../migrations/9999_planted.sql'\n\nexport const MIGRATIONS: readonly Migration[] = [\n  { name: '9999_planted.sql', sql: planted },\n",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/ledger/record/columns.ts': 'ROW_SQL', 'src/ledger/record/record.ts': 'blankRecord' },
      value: "[ROW_SQL.names.includes('planted_flag'), blankRecord().planted_flag]",
      prints: [true, false],
    },
  },
  'price meter': {
    steps: [
      {
        edits: [
          {
            file: 'src/bedrock/usage/reading.ts',
            from: '  videoSeconds?: Amount\n',
            to: '  videoSeconds?: Amount\n  plantedUnits?: Amount\n',
          },
          { file: PRICE_ROW, from: '  videoSecond?: string\n', to: '  videoSecond?: string\n  plantedUnit?: string\n' },
          {
            file: 'src/ledger/prices/row-schema.ts',
            from: '      videoSecond: v.optional(usd),\n',
            to: '      videoSecond: v.optional(usd),\n      plantedUnit: v.optional(usd),\n',
          },
          {
            file: METERS,
            from: "    ['queries', ",
            to: "    ['planted units', other.plantedUnits, prices.plantedUnit],\n    ['queries', ",
          },
        ],
        asks: [],
      },
    ],
    effect: { imports: PRICED, value: priced('other: { plantedUnits: 3 }'), prints: ['6000000000000', []] },
  },
  'cache time to live with a price of its own': {
    steps: [
      {
        edits: [{ file: PRICE_ROW, from: "  'cacheWrite1h',\n", to: "  'cacheWrite1h',\n  'cacheWrite24h',\n" }],
        asks: [METERS],
      },
      {
        edits: [
          {
            file: METERS,
            from: '  cacheWrite1h: ',
            to: "  cacheWrite24h: '24-hour cache write tokens',\n  cacheWrite1h: ",
          },
          {
            file: METERS,
            from: "  ['1h', 'cacheWrite1h'],\n",
            to: "  ['1h', 'cacheWrite1h'],\n  ['24h', 'cacheWrite24h'],\n",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: PRICED,
      value: priced("usage: { cacheWriteInputTokens: 4, cacheDetails: [{ ttl: '24h', inputTokens: 4 }] }"),
      prints: ['2000000000000', []],
    },
  },
}
