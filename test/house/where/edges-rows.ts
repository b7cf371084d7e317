/** Rows about what comes in and what goes out: something new, planted in the files that the row names. */
import type { PlantedThing } from './planted-thing.ts'

const AWS_ERROR = 'src/access/aws-error.ts'
const MANAGEMENT_ERROR = 'src/admin/management-error.ts'

export const EDGES_ROWS: Readonly<Record<string, PlantedThing>> = {
  'refusal of ours': {
    steps: [
      {
        edits: [
          {
            file: 'src/access/refusal.ts',
            from: "  | { kind: 'no-credential' }",
            to: "  | { kind: 'no-credential' }\n  | { kind: 'planted' }",
          },
        ],
        asks: [AWS_ERROR, MANAGEMENT_ERROR],
      },
      {
        edits: [AWS_ERROR, MANAGEMENT_ERROR].map((file) => ({
          file,
          from: "    case 'no-credential':",
          to: "    case 'planted':\n    case 'no-credential':",
        })),
        asks: [],
      },
    ],
  },
  'header that crosses the gateway': {
    steps: [
      {
        edits: [
          {
            file: 'src/relay/upstream/crossing-headers.ts',
            from: "const REQUEST_HEADERS = new Set(['content-type'",
            to: "const REQUEST_HEADERS = new Set(['x-planted', 'content-type'",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/relay/upstream/crossing-headers.ts': 'upstreamRequestHeaders' },
      value: "upstreamRequestHeaders({ 'x-planted': '1', 'x-other': '2' }).value",
      prints: { 'x-planted': '1' },
    },
  },
  'response header of ours': {
    steps: [
      {
        edits: [
          {
            file: 'src/relay/answer/our-headers.ts',
            from: "    'x-litellm-call-id': call.id,\n",
            to: "    'x-litellm-call-id': call.id,\n    'x-planted': call.operation.name,\n",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/relay/answer/our-headers.ts': 'ourHeaders' },
      value: "ourHeaders({ operation: { name: 'Converse' } }, { deployment: {}, costUsd: null })['x-planted']",
      prints: 'Converse',
    },
  },
  'place where a client may carry its key': {
    steps: [
      {
        edits: [
          {
            file: 'src/access/credential.ts',
            from: "headers['x-api-key']",
            to: "headers['x-api-key'] ?? headers['x-planted']",
          },
        ],
        asks: [],
      },
    ],
    effect: {
      imports: { 'src/access/credential.ts': 'presentedKey' },
      value: "[presentedKey({ 'x-planted': 'k' }).ok, presentedKey({}).ok]",
      prints: [true, false],
    },
  },
  'kind of log line': {
    steps: [
      {
        edits: [
          {
            file: 'src/isolate.ts',
            from: '  const now = () => Date.now()\n',
            to: "  const now = () => Date.now()\n  logLine('planted', {})\n",
          },
        ],
        asks: ['src/isolate.ts'],
      },
      {
        edits: [
          {
            file: 'src/telemetry/events.ts',
            from: 'export const EVENTS = {\n',
            to: "export const EVENTS = {\n  planted: 'planted',\n",
          },
        ],
        asks: [],
      },
    ],
  },
}
