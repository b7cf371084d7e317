/**
 * The prefixes of system-defined inference profiles, with every region in which AWS may answer a call to one.
 *
 * AWS keeps a call to a geographic profile inside the geography
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html), but which regions of it a
 * profile uses differs from model to model and grows. So `regions` holds every commercial region that lies there
 * (https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html); more than AWS uses today never makes
 * a bound looser. The region that is called may answer as well, even where it lies outside (`us.` from ca-central-1).
 */

/** Where a profile may be served: `global` in every commercial region, `geo` within a geography, `gov` within GovCloud. */
export type GeographyScope = 'global' | 'geo' | 'gov'

export type Geography = {
  scope: GeographyScope
  /** Every region that may answer; null: any commercial region. */
  regions: readonly string[] | null
}

const UNITED_STATES = ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2']
const CANADA = ['ca-central-1', 'ca-west-1']
const SOUTH_AMERICA = ['sa-east-1', 'sa-west-1']
const JAPAN = ['ap-northeast-1', 'ap-northeast-3']
const AUSTRALIA = ['ap-southeast-2', 'ap-southeast-4']
const INDIA = ['ap-south-1', 'ap-south-2']

const geo = (regions: readonly string[]): Geography => ({ scope: 'geo', regions })

/**
 * By prefix. `global` to `ca` are in AWS's documents (link above, and inference-profiles-support.html beside it); `in` was seen
 * in October 2026, `sa` and `amer` are in LangChain's list, and what they use is read from their names.
 */
export const GEOGRAPHIES: ReadonlyMap<string, Geography> = new Map<string, Geography>([
  ['global', { scope: 'global', regions: null }],
  ['us-gov', { scope: 'gov', regions: ['us-gov-east-1', 'us-gov-west-1'] }],
  ['us', geo(UNITED_STATES)],
  [
    'eu',
    geo([
      'eu-central-1',
      'eu-central-2',
      'eu-north-1',
      'eu-south-1',
      'eu-south-2',
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
    ]),
  ],
  [
    'apac',
    geo([
      ...JAPAN,
      ...AUSTRALIA,
      ...INDIA,
      'ap-east-1',
      'ap-east-2',
      'ap-northeast-2',
      'ap-southeast-1',
      'ap-southeast-3',
      'ap-southeast-5',
      'ap-southeast-6',
      'ap-southeast-7',
    ]),
  ],
  ['jp', geo(JAPAN)],
  ['au', geo(AUSTRALIA)],
  ['ca', geo(CANADA)],
  ['in', geo(INDIA)],
  ['sa', geo(SOUTH_AMERICA)],
  ['amer', geo([...UNITED_STATES, ...CANADA, ...SOUTH_AMERICA, 'mx-central-1'])],
])
