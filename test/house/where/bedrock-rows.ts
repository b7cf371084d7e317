/** Rows about what AWS says: something new, planted in the files that the row names. */
import type { PlantedThing } from './planted-thing.ts'

export const BEDROCK_ROWS: Readonly<Record<string, PlantedThing>> = {
  'AWS operation': {
    steps: [
      {
        edits: [
          {
            file: 'src/bedrock/operations/bedrock-runtime.ts',
            from: 'export const BEDROCK_RUNTIME: readonly Operation[] = [\n',
            to: `export const BEDROCK_RUNTIME: readonly Operation[] = [
  {
    ...CONVERSE_CALL,
    name: 'Planted',
    path: pathTemplate('/planted/{modelId}'),
    answer: { kind: 'json' },
    usage: converseBody,
    probe: null,
  },
`,
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/bedrock/operations/table.ts': 'createOperations, OPERATIONS' },
      value: "createOperations(OPERATIONS).find('POST', ['planted', 'm'], false)?.operation.name",
      prints: 'Planted',
    },
  },
  'family of models': {
    steps: [
      {
        edits: [
          {
            file: 'src/bedrock/model/families/families.ts',
            from: 'export const FAMILIES: readonly ModelFamily[] = [\n',
            to: "export const FAMILIES: readonly ModelFamily[] = [\n  text('Planted', /^acme\\./, 'openai-chat', { quotaPerOutputToken: 7 }),\n",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/routing/strategies/usage-based.ts': 'burndownRate' },
      value: "burndownRate({ model: 'us.acme.large-v1:0' })",
      prints: 7,
    },
  },
  'geography of inference profiles': {
    steps: [
      {
        edits: [
          {
            file: 'src/bedrock/model/geographies.ts',
            from: "  ['us', ",
            to: "  ['moon', geo(['eu-west-1'])],\n  ['us', ",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/bedrock/model/reach.ts': 'reachOf' },
      value: "reachOf('moon.anthropic.claude-opus-5')",
      prints: { kind: 'geography', geography: 'moon', regions: ['eu-west-1'] },
    },
  },
  'upstream error and what to do about it': {
    steps: [
      {
        edits: [
          {
            file: 'src/routing/policy/policy.ts',
            from: 'export const POLICY: readonly PolicyRow[] = [\n',
            to: "export const POLICY: readonly PolicyRow[] = [\n  { name: 'planted', when: { types: ['PlantedException'] }, ...QUOTA, source: COMMON_ERRORS },\n",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/routing/policy/policy.ts': 'policyFor' },
      value: "policyFor({ phase: 'headers', status: 429, type: 'PlantedException', message: '' }, 'm').name",
      prints: 'planted',
    },
  },
}
