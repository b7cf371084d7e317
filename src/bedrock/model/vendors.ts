/** The vendors whose models Bedrock has: the first part of a foundation model id. */

/** From the ids of the price catalogue and https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html. */
const VENDORS: ReadonlySet<string> = new Set([
  'ai21',
  'amazon',
  'anthropic',
  'cohere',
  'deepseek',
  'google',
  'luma',
  'meta',
  'minimax',
  'mistral',
  'moonshot',
  'moonshotai',
  'nvidia',
  'openai',
  'qwen',
  'stability',
  'twelvelabs',
  'writer',
  'xai',
  'zai',
])

export const isVendor = (name: string): boolean => VENDORS.has(name)
