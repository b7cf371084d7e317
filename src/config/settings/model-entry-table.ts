/** Settings of an entry of `model_list` beside its `litellm_params`. Known price names are used in `model_info` as well. */
import * as v from 'valibot'
import { name, text, wholeNumber } from './schema-parts.ts'
import { meaningless, restricts, settingTable, used } from './setting.ts'

export const MODEL_ENTRY = settingTable({
  model_name: used(name('write the name that clients ask for, in visible ASCII'), 'shown'),
  litellm_params: used(v.unknown(), 'hidden'),
  model_info: used(v.unknown(), 'hidden'),
})

export const MODEL_INFO = settingTable(
  {
    id: used(name('write an id in visible ASCII'), 'shown'),
    base_model: used(text('write the model id whose price applies'), 'shown'),
    max_input_tokens: used(wholeNumber(1), 'shown'),
  },
  restricts('withholds the model from all or from some callers', [
    'blocked',
    'team_id',
    'supported_environments',
    'direct_access',
  ]),
  meaningless(
    'a description that no call depends on',
    [
      'metadata',
      'key',
      'db_model',
      'created_at',
      'created_by',
      'updated_at',
      'updated_by',
      'team_public_model_name',
      'access_via_team_ids',
      'deprecation_date',
      'source',
      'supported_endpoints',
      'supported_modalities',
      'supported_output_modalities',
      'search_context_cost_per_query',
      'tool_use_system_prompt_tokens',
    ],
    [
      'mode',
      'tier',
      'description',
      'litellm_provider',
      'max_tokens',
      'max_output_tokens',
      'output_vector_size',
      'access_groups',
      'supports_assistant_prefill',
      'supports_audio_input',
      'supports_audio_output',
      'supports_computer_use',
      'supports_function_calling',
      'supports_native_streaming',
      'supports_parallel_function_calling',
      'supports_pdf_input',
      'supports_prompt_caching',
      'supports_reasoning',
      'supports_response_schema',
      'supports_system_messages',
      'supports_tool_choice',
      'supports_vision',
      'supports_web_search',
    ],
  ),
  meaningless('health is learned from the calls themselves', [
    'disable_background_health_check',
    'health_check_timeout',
    'health_check_model',
    'health_check_max_tokens',
    'health_check_voice',
  ]),
)
