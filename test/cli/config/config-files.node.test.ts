import { describe, expect, test } from 'vitest'
import { loadConfigFile } from '../../../src/cli/config/config-file.ts'
import { LITERAL, run, scratchFiles } from './run-config.ts'

const { inFolder, file } = scratchFiles('config files ')

describe('what does not concern Bedrock', () => {
  const MIXED = LITERAL.replace(
    'general_settings:',
    '  - model_name: gpt\n    litellm_params: {model: openai/gpt-5}\ngeneral_settings:',
  )

  test('is one warning of check, and an error with --strict', async () => {
    const path = await file('mixed.yaml', MIXED)
    const lax = await run(['check', path])
    expect(lax.exitCode).toBe(0)
    expect(lax.out.split('\n')).toEqual([
      expect.stringMatching(/^warning .*mixed\.yaml:4 model_list\[1\]: left out, .*model_list\[1\] \("gpt", openai\)$/),
      `${path} is valid: deployments 1, model groups 1, 1 warning`,
    ])
    const strict = await run(['check', '--strict', path])
    expect(strict.exitCode).toBe(2)
    expect(strict.out).toMatch(/^error .*mixed\.yaml:4 model_list\[1\]: left out/)
    expect(strict.out).toContain('is faulty: 1 error')
  })
})

describe('further files', () => {
  test('are laid over the file that includes them, relative to it, and faults are said with file and line', async () => {
    await file('parts/models.yaml', LITERAL.split('general_settings')[0] ?? '')
    await file('parts/router.yaml', 'include: models.yaml\nrouter_settings: {num_retries: -1}\nmodel_list:\n  - {}\n')
    const path = await file(
      'including.yaml',
      `include: [parts/router.yaml]\nmodel_list:\n  - model_name: own\n    litellm_params: {model: bedrock/x, aws_region_name: here}\ngeneral_settings: {master_key: sk-literal}\nrouter_settings: {num_retries: 1}\n`,
    )
    const { exitCode, out } = await run(['check', path])
    expect(exitCode).toBe(2)
    const router = inFolder('parts/router.yaml')
    expect(out.split('\n').map((line) => line.split(': ')[0])).toEqual([
      `error ${path}:4 model_list[0].litellm_params.aws_region_name`,
      `warning ${path}:6 router_settings`,
      `error ${router}:2 router_settings.num_retries`,
      `error ${router}:4 model_list[1].model_name`,
      `error ${router}:4 model_list[1].litellm_params`,
      `${path} is faulty`,
    ])
  })

  test('become one configuration, without the list of files', async () => {
    await file('more.yaml', LITERAL.split('general_settings')[0] ?? '')
    const path = await file('one.yaml', `include:\n  - more.yaml\ngeneral_settings:\n  master_key: os.environ/MK\n`)
    const loaded = await loadConfigFile(path, { MK: 'sk-master-key' })
    expect(loaded.ok && JSON.parse(loaded.json)).toEqual({
      general_settings: { master_key: 'os.environ/MK' },
      model_list: [
        {
          model_name: 'nova',
          litellm_params: {
            model: 'bedrock/amazon.nova-lite-v1:0',
            aws_region_name: 'eu-central-1',
            api_key: 'ABSKliteral',
          },
        },
      ],
    })
  })

  test.for([
    ['that is not there', 'include: [nowhere.yaml]', /nowhere\.yaml: there is no such file/],
    ['that includes itself', 'include: [faulty include.yaml]', /faulty include\.yaml: this file includes itself/],
    ['that is no name', 'include: [{a: b}]', /:1 include: write a list of files/],
  ] as const)('%s is an error', async ([, text, says], { expect }) => {
    const path = await file('faulty include.yaml', `${text}\n`)
    const { exitCode, out } = await run(['check', path])
    expect(exitCode).toBe(2)
    expect(out).toMatch(says)
  })

  test('are bounded in number', async () => {
    for (let index = 0; index < 60; index += 1)
      await file(`chain-${index}.yaml`, `include: [chain-${index + 1}.yaml]\n`)
    expect((await run(['check', inFolder('chain-0.yaml')])).out).toContain('more than 50 files are included')
  })
})
