/**
 * What the build knows beside the sources, as data: names, groups of regions, and the rules that complete rows. Each rule is
 * explained, with where it is from and how often the sources confirm it, in ../README.md.
 */
import { partitionOf } from '../../../bedrock/partitions.ts'
import type { ImageGrade } from '../../../ledger/prices/price-row.ts'

/** Entries of LiteLLM under names that bedrock-runtime does not have. */
export const NOT_AWS_IDS: ReadonlySet<string> = new Set([
  'anthropic.claude-haiku-4-5@20251001',
  'claude-sonnet-4-5-20250929-v1:0',
  'moonshot.kimi-k2-thinking',
  'amazon.nova-2-5-sonic',
  'anthropic.claude-3-7-sonnet-20240620-v1:0',
])

/** Spellings of the sibling endpoint bedrock-mantle for models that bedrock-runtime names otherwise. */
export const MANTLE_TWINS: ReadonlySet<string> = new Set([
  'anthropic.claude-haiku-4-5',
  'openai.gpt-oss-120b',
  'openai.gpt-oss-20b',
  'qwen.qwen3-32b',
  'qwen.qwen3-coder-30b-a3b-instruct',
  'qwen.qwen3-next-80b-a3b-instruct',
  'qwen.qwen3-vl-235b-a22b-instruct',
])

/** lmux' name → the id on bedrock-runtime of the same model (same price in Virginia). */
export const LMUX_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['deepseek.v3.1', ['deepseek.v3-v1']],
  ['zai.glm5', ['zai.glm-5']],
  ['qwen.qwen3-coder-480b-a35b-instruct', ['qwen.qwen3-coder-480b-a35b-v1']],
  ['qwen.qwen3-235b-a22b-2507', ['qwen.qwen3-235b-a22b-2507-v1']],
  ['anthropic.claude-mythos-5-v1', ['anthropic.claude-mythos-5']],
])

/** Models that only genai-prices has; its rules name these ids. */
export const GENAI_ONLY: readonly string[] = [
  'anthropic.claude-fable-5-2',
  'anthropic.claude-mythos-5-2',
  'moonshotai.kimi-k3.1',
  'amazon.nova-sonic-v1',
  'openai.gpt-6.1-terra',
]

/** lmux lists a region's price only where it differs from Virginia's, and lists nothing for these two but one model. */
export const VIRGINIA_PRICED: readonly string[] = ['us-east-1', 'us-east-2', 'us-west-2']

export const GOV_REGIONS: readonly string[] = partitionOf('us-gov-west-1').regions

/** The one region whose price LiteLLM's row of a geography holds. */
export function geographyRegion(geography: string, id: string): string {
  if (geography === 'apac') return id.startsWith('amazon.nova-2-') ? 'ap-northeast-1' : 'ap-southeast-2'
  return GEOGRAPHY_REGION[geography] ?? 'us-east-1'
}

const GEOGRAPHY_REGION: Readonly<Record<string, string>> = {
  us: 'us-east-1',
  eu: 'eu-central-1',
  jp: 'ap-northeast-1',
  au: 'ap-southeast-2',
  ca: 'ca-central-1',
  in: 'ap-south-1',
}

/**
 * Prices of an image by its longer side and quality, for models of which the sources list the price of one grade only. Nova
 * Canvas: https://github.com/pollinations/pollinations/issues/13831, its grades as on https://aws.amazon.com/bedrock/pricing/ .
 * Titan: the one grade that a source lists is the smallest; the dearer ones have no price here, so their images are unpriced.
 */
export const IMAGE_GRADES: ReadonlyMap<string, { listed: string; grades: readonly ImageGrade[] }> = new Map([
  [
    'amazon.nova-canvas-v1',
    {
      listed: '0.06',
      grades: [
        { maxSide: 1024, quality: 'standard', usd: '0.04' },
        { maxSide: 1024, quality: 'premium', usd: '0.06' },
        { maxSide: 2048, quality: 'standard', usd: '0.06' },
        { maxSide: 2048, quality: 'premium', usd: '0.08' },
      ],
    },
  ],
  [
    'amazon.titan-image-generator-v1',
    { listed: '0.008', grades: [{ maxSide: 512, quality: 'standard', usd: '0.008' }] },
  ],
  [
    'amazon.titan-image-generator-v2',
    { listed: '0.008', grades: [{ maxSide: 512, quality: 'standard', usd: '0.008' }] },
  ],
])

/** Meters of single listings that are slips: left out, so that a rule or another source fills them. `usd` is what the source says. */
export const SLIPS: readonly { source: string; key: string; meter: string; usd: string; taken?: string }[] = [
  { source: 'lmux', key: 'ca-west-1/global.amazon.nova-2-lite-v1', meter: 'cacheRead', usd: '0.00000085' },
  { source: 'lmux', key: 'eu-south-1/global.amazon.nova-2-lite-v1', meter: 'cacheRead', usd: '0.0000000825' },
  { source: 'lmux', key: 'me-central-1/global.amazon.nova-2-lite-v1', meter: 'cacheRead', usd: '0.00000008' },
  {
    source: 'litellm',
    key: 'bedrock/us-gov-east-1/meta.llama3-8b-instruct-v1:0',
    meter: 'output',
    usd: '0.00000265',
    taken: '0.0000006',
  },
]

/** Places where the sources disagree and nothing decides: no row, so the call is unpriced. */
export const UNDECIDED: readonly { id: string; region: string }[] = [
  { id: 'openai.gpt-5.4', region: 'us-gov-west-1' },
  { id: 'openai.gpt-5.6-luna', region: 'us-gov-west-1' },
  { id: 'openai.gpt-5.6-terra', region: 'us-gov-west-1' },
]

/** GovCloud costs this much of the global price, for Claude that has a global profile. */
export const GOV_FACTOR = '1.2'
export const GOV_FAMILY = /^anthropic\.claude-/
/** Claude before 4.5 has no uplift between global and geo, and no rule for GovCloud either. */
export const OLD_CLAUDE = /^anthropic\.claude-(v\d|instant|3-|opus-4-(1-)?2025|sonnet-4-2025)/

/** In-region and geo cost this much of the global price of the same source region. */
export const LOCAL_FACTOR = '1.1'
export const LOCAL_FAMILY = /^amazon\.nova-2-lite-/

/** Nova's cache read costs this much of its input, within a region. */
export const NOVA_READ_FACTOR = '0.25'
export const NOVA_FAMILY = /^amazon\.nova-/

/** Families with a cache read price and no write price anywhere: written tokens cost the ordinary input price. */
export const WRITE_AT_INPUT_FAMILY = /^(amazon\.nova-|xai\.grok-|openai\.gpt-5\.[45]$)/
