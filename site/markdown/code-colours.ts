// Code gets its colours from the stylesheet, as everything else does. A style attribute for each
// word, which Shiki writes otherwise, is not allowed by the content security policy. Therefore the
// theme has a made-up colour for each class of words, which then becomes the class.
import type { MarkdownOptions } from 'vitepress';

const classes: Record<string, string[]> = {
  comment: ['comment', 'punctuation.definition.comment'],
  string: ['string', 'string punctuation'],
  constant: ['constant.numeric', 'constant.language', 'variable.other.constant'],
  keyword: ['keyword', 'storage'],
  name: ['entity.name.function', 'support.function', 'entity.name.command', 'entity.name.tag'],
  key: ['support.type.property-name', 'meta.object-literal.key', 'entity.other.attribute-name'],
  prompt: ['punctuation.separator.prompt', 'entity.other.prompt-prefix'],
};
const names = Object.keys(classes);
const colourOf = (name: string): string => `#00000${names.indexOf(name) + 1}`;
const text = '#000000';

export const theme: MarkdownOptions['theme'] = {
  name: 'pinhole',
  type: 'light',
  fg: text,
  bg: '#ffffff',
  settings: [
    { settings: { foreground: text } },
    ...names.map((name) => ({
      scope: classes[name] as string[],
      settings: { foreground: colourOf(name) },
    })),
  ],
};

type Transformer = NonNullable<MarkdownOptions['codeTransformers']>[number];

export const classesOfTokens: Transformer = {
  name: 'classes-of-tokens',
  pre(node) {
    delete node.properties.style;
    // A long line scrolls, and a keyboard must reach what scrolls.
    node.properties.tabindex = '0';
  },
  span(node) {
    const style = String(node.properties.style ?? '').toLowerCase();
    delete node.properties.style;
    const name = names.find((one) => style.includes(colourOf(one)));
    if (name !== undefined) node.properties.class = `code-${name}`;
  },
};
