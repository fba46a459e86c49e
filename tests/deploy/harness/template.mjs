import { parseDocument } from 'yaml';

const INTRINSICS = ['And', 'Base64', 'Equals', 'GetAtt', 'If', 'Join', 'Not', 'Or', 'Select', 'Split', 'Sub'];

/** A template of CloudFormation: its parts, and what refers to what. */
export class Template {
  #root;

  constructor(text) {
    const document = parseDocument(text, { customTags: [...tags('Ref'), ...INTRINSICS.flatMap(name => tags(name, 'Fn::'))] });
    if (document.errors.length + document.warnings.length > 0) throw new Error([...document.errors, ...document.warnings].join('\n'));
    this.#root = document.toJS();
  }

  get parameters() { return this.#root.Parameters; }
  get conditions() { return this.#root.Conditions; }
  get resources() { return this.#root.Resources; }
  get interface() { return this.#root.Metadata['AWS::CloudFormation::Interface']; }

  /** Everything that refers: { place, kind: Ref|GetAtt|If|DependsOn, name, attribute }. */
  *references() {
    for (const [name, resource] of Object.entries(this.resources))
      for (const other of [resource.DependsOn ?? []].flat()) yield { place: `${name}.DependsOn`, kind: 'DependsOn', name: other };
    for (const part of ['Rules', 'Conditions', 'Resources', 'Outputs']) yield* referencesIn(this.#root[part], part);
  }

  /** A value with its references in the place of which stands what `resolve` says. */
  resolve(value, resolve) {
    if (Array.isArray(value)) return value.map(item => this.resolve(item, resolve));
    if (value === null || typeof value !== 'object') return value;
    const [[key, inner]] = Object.entries(value).length === 1 ? Object.entries(value) : [[]];
    switch (key) {
      case 'Ref': return resolve(inner);
      case 'Fn::GetAtt': return resolve(attributeOf(inner).join('.'));
      case 'Fn::Base64': return this.resolve(inner, resolve);
      case 'Fn::Join': return this.resolve(inner[1], resolve).join(inner[0]);
      case 'Fn::Sub': return inner.replace(/\$\{([^}!]+)\}/g, (_, name) => resolve(name));
      default: return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.resolve(item, resolve)]));
    }
  }
}

/** What a function of CloudFormation stands for is known at run time alone. */
export const isFunction = value =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 1 && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0]);

function tags(name, prefix = '') {
  const key = prefix + name;
  return [
    { tag: `!${name}`, resolve: text => ({ [key]: text }) },
    { tag: `!${name}`, collection: 'seq', resolve: sequence => ({ [key]: sequence.toJSON() }) },
    { tag: `!${name}`, collection: 'map', resolve: map => ({ [key]: map.toJSON() }) },
  ];
}

const attributeOf = value => Array.isArray(value) ? value : [value.slice(0, value.indexOf('.')), value.slice(value.indexOf('.') + 1)];

function* referencesIn(value, place) {
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref') yield { place, kind: 'Ref', name: inner };
    else if (key === 'Fn::GetAtt') yield reference(place, attributeOf(inner));
    else if (key === 'Fn::If') yield { place, kind: 'If', name: inner[0] };
    else if (key === 'Fn::Sub') {
      for (const [, name] of inner.matchAll(/\$\{([^}!]+)\}/g))
        yield name.includes('.') ? reference(place, attributeOf(name)) : { place, kind: 'Ref', name };
    }
    yield* referencesIn(inner, `${place}.${key}`);
  }
}

const reference = (place, [name, attribute]) => ({ place, kind: 'GetAtt', name, attribute });
