/**
 * The prefixes of system-defined inference profiles, with every region in which AWS may answer a call to one.
 *
 * AWS keeps a call to a geographic profile inside the geography
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html), but which regions of it a
 * profile uses differs from model to model and grows. So `regions` holds every commercial region that lies there
 * (https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html): a region too many only makes the gateway
 * refuse more, never send a call outside its bound. The region that is called may answer as well, even where it lies outside (`us.`
 * from ca-central-1).
 */
import { commercialRegions, partitionOf } from '../partitions.ts'

/** Where a profile may be served: `global` in every commercial region, `geo` within a geography, `gov` within GovCloud. */
export type GeographyScope = 'global' | 'geo' | 'gov'

export type Geography = {
  scope: GeographyScope
  /** Every region that may answer; null: any commercial region. */
  regions: readonly string[] | null
}

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
  ['us-gov', { scope: 'gov', regions: partitionOf('us-gov-west-1').regions }],
  ['us', geo(commercialRegions('us-'))],
  ['eu', geo(commercialRegions('eu-'))],
  ['apac', geo(commercialRegions('ap-'))],
  ['jp', geo(JAPAN)],
  ['au', geo(AUSTRALIA)],
  ['ca', geo(commercialRegions('ca-'))],
  ['in', geo(INDIA)],
  ['sa', geo(commercialRegions('sa-'))],
  ['amer', geo(commercialRegions('us-', 'ca-', 'sa-', 'mx-'))],
])
