/** Rows about the configuration and what it rules: something new, planted in the files that the row names. */
import type { PlantedThing } from './planted-thing.ts'

const ROUTER_TABLE = 'src/config/settings/router-table.ts'
const ROUTER_READER = 'src/config/reading/router-settings.ts'
const STRATEGIES = 'src/routing/strategies/create.ts'
const MODEL_PARAMS = 'src/config/settings/model-params-table.ts'
const MODEL_TARGET = 'src/config/reading/model-target.ts'

/** What a configuration with one deployment comes to. */
const READ_CONFIG = { 'src/config/resolve.ts': 'readConfig' }
const configWith = (sections: string, params: string) => `(await readConfig({
  model_list: [{ model_name: 'm', litellm_params: {
    model: 'bedrock/amazon.nova-lite-v1:0', aws_region_name: 'eu-central-1', api_key: 'key', ${params} } }],
  general_settings: { master_key: 'sk-test-key' }, ${sections} }, {})).config`

export const SETTINGS_ROWS: Readonly<Record<string, PlantedThing>> = {
  'routing strategy': {
    steps: [
      {
        edits: [{ file: ROUTER_TABLE, from: "  'cache-affinity',\n]", to: "  'cache-affinity',\n  'planted',\n]" }],
        asks: [STRATEGIES],
      },
      {
        edits: [
          {
            file: 'src/routing/strategies/planted.ts',
            to: "import type { Strategy } from './strategy.ts'\n\nexport function planted(): Strategy {\n  return { pick: (usable) => usable.at(-1) }\n}\n",
          },
          { file: STRATEGIES, from: '    default:', to: "    case 'planted':\n      return planted()\n    default:" },
          {
            file: STRATEGIES,
            from: 'import { usageBased',
            to: "import { planted } from './planted.ts'\nimport { usageBased",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/routing/strategies/create.ts': 'createStrategy' },
      value: "createStrategy('planted', () => null).pick(['first', 'last'])",
      prints: 'last',
    },
  },
  'router setting': {
    steps: [
      {
        edits: [
          {
            file: ROUTER_TABLE,
            from: '  num_retries: used(',
            to: "  planted_setting: used(flag, 'shown'),\n  num_retries: used(",
          },
        ],
        asks: [ROUTER_READER],
      },
      {
        edits: [
          { file: ROUTER_READER, from: '    num_retries,\n', to: '    num_retries,\n    planted_setting = false,\n' },
          { file: ROUTER_READER, from: 'numRetries: number\n', to: 'numRetries: number\n  plantedSetting: boolean\n' },
          {
            file: ROUTER_READER,
            from: '    timeoutMs,\n',
            to: '    timeoutMs,\n    plantedSetting: planted_setting,\n',
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: READ_CONFIG,
      value: `${configWith('router_settings: { planted_setting: true }', '')}.router.plantedSetting`,
      prints: true,
    },
  },
  'setting of a deployment': {
    steps: [
      {
        edits: [
          {
            file: MODEL_PARAMS,
            from: '    model: used(',
            to: "    planted_ms: used(waitMs, 'shown'),\n    model: used(",
          },
        ],
        asks: [MODEL_TARGET],
      },
      {
        edits: [
          { file: MODEL_TARGET, from: '    model,\n', to: '    model,\n    planted_ms,\n' },
          {
            file: MODEL_TARGET,
            from: '    region,\n',
            to: '    region,\n    ...(planted_ms === undefined ? {} : { plantedMs: planted_ms }),\n',
          },
          { file: 'src/config/types.ts', from: '  weight?: number\n', to: '  plantedMs?: number\n  weight?: number\n' },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: READ_CONFIG,
      value: `${configWith('', 'planted_ms: 2')}.deployments[0].plantedMs`,
      prints: 2_000,
    },
  },
}
