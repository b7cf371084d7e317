/** Paths of settings as people read them: `model_list[2].litellm_params.aws_region_name`. */

export type PathSegment = string | number

const PLAIN_NAME = /^[A-Za-z_][\w-]*$/
const LAST_SEGMENT = /(?:^|\.)[A-Za-z_][\w-]*$|\[\d+\]$|\["(?:[^"\\]|\\.)*"\]$/

/** A name that could be mistaken for two settings (`claude-4.5`) is shown quoted: `fallbacks["claude-4.5"]`. */
export function joinPath(parent: string, segment: PathSegment): string {
  if (typeof segment === 'number') return `${parent}[${segment}]`
  if (!PLAIN_NAME.test(segment)) return `${parent}[${JSON.stringify(segment)}]`
  return parent === '' ? segment : `${parent}.${segment}`
}

export function formatPath(segments: readonly PathSegment[]): string {
  return segments.reduce<string>(joinPath, '')
}

/** The setting that holds this one; `''` for a top-level setting. */
export function parentPath(path: string): string {
  return path.replace(LAST_SEGMENT, '')
}
