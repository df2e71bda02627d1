// Chat templates with the constructs of those in use, written for these tests. The texts beside them are what the models were
// trained on: one space or line break more, and answers get worse without anyone being told.
import { describe, expect, test } from 'vitest'
import { chatTemplate } from '../tokenizer/template.ts'
import type { ChatMessage } from '../tokenizer/types.ts'

const user = (content: string): ChatMessage => ({ role: 'user', content })
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content })
const system = (content: string): ChatMessage => ({ role: 'system', content })
const TURNS = [user('Hi'), assistant('Hello.'), user('Why?')]

const render = (template: string, messages: readonly ChatMessage[], bos = '<s>', eos = '</s>'): string =>
  chatTemplate(template)(messages, { add_generation_prompt: true, bos_token: bos, eos_token: eos })

describe('Llama 3', () => {
  // Header tokens, the beginning token before the first message only, `set` over concatenations, a date that may be absent.
  const template = `{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`

  test('writes header, text and end of each turn', () => {
    expect(render(template, [system(' Be kind. '), ...TURNS], '<|begin_of_text|>')).toBe(
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    )
  })

  test('3.1 and later: takes the system message off, and tools that are not there', () => {
    const later = `{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One tool call at a time.") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
`
    const head = '<B><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\n'
    const tail =
      '<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n'

    expect(render(later, [user('Hi')], '<B>')).toBe(`${head}<|eot_id|>${tail}`)
    expect(render(later, [system('Short.'), user('Hi')], '<B>')).toBe(`${head}Short.<|eot_id|>${tail}`)
  })
})

describe('Qwen', () => {
  // Tools first, a default system message, elif chains over roles, loop.first, loop.last.
  const qwen2 = `{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
`

  test('2.5: has a system message of its own unless one is given', () => {
    const turns =
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n'

    expect(render(qwen2, TURNS)).toBe(`<|im_start|>system\nYou are helpful.<|im_end|>\n${turns}`)
    expect(render(qwen2, [system('Rhyme.'), ...TURNS])).toBe(`<|im_start|>system\nRhyme.<|im_end|>\n${turns}`)
  })

  // A namespace that a loop over the reversed messages writes to, string methods, slices of split texts, thinking.
  const qwen3 = `{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>assistant\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
`

  test('3: earlier answers lose their thoughts', () => {
    const messages = [user('Hi'), assistant('<think>\nGreet.\n</think>\n\nHello.'), user('Why?')]

    expect(render(qwen3, messages)).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n',
    )
  })
})

describe('Falcon 3', () => {
  // Roles as tags, the end token behind answers but the last, loop.last for the generation prompt.
  const template = `{%- if messages[0]['role'] == 'system' %}
{{- '<|system|>\\n' + messages[0]['content'] }}
{%- set remaining_messages = messages[1:] %}
{%- else %}
{%- set remaining_messages = messages %}
{%- endif %}
{%- for message in remaining_messages %}
{%- if message['role'] == 'user' %}
{{- '\\n<|user|>\\n' + message['content'] }}
{%- elif message['role'] == 'assistant' %}
{{- '\\n<|assistant|>\\n' + message['content'] }}
{%- if not loop.last %}{{ eos_token }}{%- endif %}
{%- endif %}
{%- endfor %}
{{- '\\n<|assistant|>\\n' if add_generation_prompt }}`

  test('tags the roles', () => {
    expect(render(template, [system('Rhyme.'), ...TURNS], '', '<|endoftext|>')).toBe(
      '<|system|>\nRhyme.\n<|user|>\nHi\n<|assistant|>\nHello.<|endoftext|>\n<|user|>\nWhy?\n<|assistant|>\n',
    )
  })
})

describe('BitNet b1.58 2B4T', () => {
  // Capitalised roles in one line.
  const template = `{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{% if message['role'] == 'user' %}{{ message['role'] | capitalize + ': ' + message['content'] + '<|eot_id|>' }}{% elif message['role'] == 'system' %}{{ 'System: ' + message['content'] | trim + '<|eot_id|>' }}{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + message['content'] + '<|eot_id|>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}`

  test('names the roles', () => {
    expect(render(template, [system('Rhyme. '), ...TURNS], '<B>')).toBe(
      '<B>System: Rhyme.<|eot_id|>User: Hi<|eot_id|>Assistant: Hello.<|eot_id|>User: Why?<|eot_id|>Assistant: ',
    )
  })
})

describe('a template that insists on an order', () => {
  // Llama 2's and Mistral's: raise_exception, modulo, the system message inside the first question.
  const template = `{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate.') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`

  test('puts the system message where it wants it', () => {
    expect(render(template, [system('Rhyme.'), ...TURNS])).toBe(
      '<s>[INST] <<SYS>>\nRhyme.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] Why? [/INST]',
    )
  })

  test('refuses another order with its own words', () => {
    expect(() => render(template, [user('Hi'), user('Hi')])).toThrow(
      expect.objectContaining({
        code: 'bad_template',
        message: expect.stringContaining('Roles must alternate.'),
      }),
    )
  })
})
