/** Settings of the file's top level. */
import * as v from 'valibot'
import { judgeGuardrails } from './judged-settings.ts'
import { judged, meaningless, restricts, settingTable, unsupported, used } from './setting.ts'

/** A section has a table of its own, or is read entry by entry. */
const section = used(v.unknown(), 'hidden')

export const TOP_LEVEL = settingTable(
  {
    model_list: section,
    general_settings: section,
    router_settings: section,
    litellm_settings: section,
    credential_list: section,
  },
  judged('guardrails', judgeGuardrails),
  restricts('policies attach guardrails to calls', ['policies', 'policy_attachments']),
  unsupported(
    'the files that it names are read by npm start and npm run config, and not by the Worker: push the file again',
    ['include'],
  ),
  meaningless('os.environ/NAME reads a secret of the Worker, or the process environment of a local run; set it there', [
    'environment_variables',
  ]),
  meaningless('only the operations of bedrock-runtime are served', [
    'knowledge_bases',
    'agents',
    'flows',
    'agent_list',
    'mcp_servers',
    'mcp_tools',
    'vector_store_registry',
    'search_tools',
    'prompts',
    'files_settings',
    'finetune_settings',
    'assistant_settings',
  ]),
  meaningless('no callbacks are run', ['callback_settings']),
)
