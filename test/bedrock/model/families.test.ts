import { describe, expect, it, test } from 'vitest'
import { BODY_FORMS, CACHE_MARKS, OUTPUT_BOUNDS } from '../../../src/bedrock/model/families/bodies.ts'
import { FAMILIES, familyOf, familyOfReference, readSameBody } from '../../../src/bedrock/model/families/families.ts'
import { parseModelId } from '../../../src/bedrock/model/model-id.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

describe('the family of a model', () => {
  it.each([
    ['anthropic.claude-v2:1', 'Claude before 3.7'],
    ['anthropic.claude-instant-v1', 'Claude before 3.7'],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'Claude before 3.7'],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', 'Claude'],
    ['anthropic.claude-opus-5', 'Claude'],
    ['anthropic.claude-mythos-preview', 'Claude'],
    ['amazon.nova-canvas-v1:0', 'Nova Canvas'],
    ['amazon.nova-reel-v1:1', 'Nova Reel'],
    ['amazon.nova-sonic-v1:0', 'Nova Sonic'],
    ['amazon.nova-2-sonic-v1:0', 'Nova Sonic'],
    ['amazon.nova-2-multimodal-embeddings-v1:0', 'Nova embeddings'],
    ['amazon.nova-2-lite-v1:0', 'Nova'],
    ['amazon.titan-image-generator-v2:0', 'Titan image generator'],
    ['amazon.titan-embed-image-v1', 'Titan image embeddings'],
    ['amazon.titan-embed-text-v2:0', 'Titan text embeddings'],
    ['amazon.titan-text-premier-v1:0', 'Titan text'],
    ['meta.llama3-3-70b-instruct-v1:0', 'Llama 3'],
    ['meta.llama4-scout-17b-instruct-v1:0', 'Llama 4'],
    ['mistral.mistral-7b-instruct-v0:2', 'Mistral text completion'],
    ['mistral.mistral-large-2407-v1:0', 'Mistral'],
    ['cohere.command-r-plus-v1:0', 'Command R'],
    ['cohere.command-text-v14', 'Command'],
    ['deepseek.r1-v1:0', 'DeepSeek-R1'],
    ['deepseek.v3.2', 'OpenAI-shaped models'],
    ['xai.grok-4.6', 'OpenAI-shaped models'],
    ['openai.gpt-oss-120b-1:0', 'OpenAI'],
    ['acme.super-model-v9:0', 'unknown'],
    ['', 'unknown'],
  ])('%s is of %s', (id, name) => {
    expect(familyOf(id).name).toBe(name)
  })

  it('is found behind a geography, in an ARN and in a name of the configuration, and not behind an ARN that hides the model', () => {
    const claude = 'anthropic.claude-opus-5'
    for (const reference of [
      claude,
      `us.${claude}`,
      `bedrock/eu.${claude}`,
      `bedrock/converse/${claude}`,
      `arn:aws:bedrock:us-east-1::foundation-model/${claude}`,
      `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${claude}`,
    ]) {
      expect(familyOfReference(reference).name, reference).toBe('Claude')
    }
    const hidden = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12'
    expect(familyOfReference(hidden).name).toBe('unknown')
  })

  test('every model with a price is of a family, and every family but those billed by second of video has one', () => {
    const ids = BUNDLED_CATALOGUE.rows.map(({ id }) => id).filter((id) => id !== 'guardrails')
    expect(ids.filter((id) => familyOf(id).name === 'unknown')).toEqual([])
    const priced = new Set(ids.map(familyOf))
    const withoutPrice = FAMILIES.filter((family) => !priced.has(family)).map(({ name }) => name)
    expect(withoutPrice).toEqual(['Nova Reel', 'Luma', 'TwelveLabs'])
  })

  test('every model with a price per image or query is of a family that is measured by it', () => {
    for (const { id, other = {} } of BUNDLED_CATALOGUE.rows) {
      if (id === 'guardrails') continue
      const { measuredBy } = familyOf(id)
      if (other.image ?? other.imageGrades) expect(measuredBy, id).toBe('images')
      if (other.query !== undefined) expect(['queries', 'input-kind'], id).toContain(measuredBy)
    }
  })

  test('the ids of the catalogue are foundation models, as the table expects them', () => {
    for (const { id } of BUNDLED_CATALOGUE.rows) expect(parseModelId(id)).toMatchObject({ id })
  })
})

describe('the body of InvokeModel', () => {
  it.each([
    ['anthropic.claude-opus-5', 'anthropic.claude-3-haiku-20240307-v1:0', true],
    ['amazon.nova-pro-v1:0', 'amazon.nova-2-lite-v1:0', true],
    ['meta.llama3-8b-instruct-v1:0', 'meta.llama3-3-70b-instruct-v1:0', true],
    ['meta.llama3-8b-instruct-v1:0', 'meta.llama4-scout-17b-instruct-v1:0', false],
    ['mistral.mistral-7b-instruct-v0:2', 'mistral.mistral-large-2407-v1:0', false],
    ['cohere.command-text-v14', 'cohere.command-r-v1:0', false],
    ['openai.gpt-oss-120b-1:0', 'qwen.qwen3-32b-v1:0', true],
    ['anthropic.claude-opus-5', 'amazon.nova-pro-v1:0', false],
    // Vectors of two models cannot stand for each other, and a model always stands for itself.
    ['amazon.titan-embed-text-v1', 'amazon.titan-embed-text-v2:0', false],
    ['amazon.titan-embed-text-v2:0', 'amazon.titan-embed-text-v2:0', true],
    ['acme.one', 'acme.two', false],
  ])('of %s is read by %s: %s', (one, other, same) => {
    expect(readSameBody(one, other)).toBe(same)
    expect(readSameBody(other, one)).toBe(same)
  })

  test('the names of the output bound and of cache points cover every form, each once', () => {
    for (const { outputBounds, cacheMark } of Object.values(BODY_FORMS)) {
      for (const name of outputBounds) expect(OUTPUT_BOUNDS).toContain(name)
      if (cacheMark !== null) expect(CACHE_MARKS).toContain(cacheMark)
    }
    expect(new Set(OUTPUT_BOUNDS).size).toBe(OUTPUT_BOUNDS.length)
    expect(CACHE_MARKS.toSorted()).toEqual(['cachePoint', 'cache_control'])
  })
})
