import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import ts from 'typescript-eslint';
import parser from 'vue-eslint-parser';

export default ts.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser, parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      // The compiler checks names, and knows the browser's.
      'no-undef': 'off',
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-console': 'error',
      // Texts come from people: markup in them must stay text.
      'vue/no-v-html': 'error',
      // Layout of markup is the author's; these two fight each other over short elements.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/html-self-closing': ['error', { html: { void: 'any', normal: 'any' } }],
      'vue/multiline-html-element-content-newline': 'off',
      // A full-width blank is part of Chinese texts.
      'no-irregular-whitespace': ['error', { skipStrings: true, skipTemplates: true }],
      'vue/require-default-prop': 'off',
    },
  },
);
