import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { isFunction } from './template.mjs';

/** What CloudFormation knows of its resources, as AWS publishes it. */
export class Specification {
  #database;

  constructor(database) {
    this.#database = database;
  }

  static async load() {
    return new this(await loadAwsServiceSpec());
  }

  /** What is wrong with the properties of a resource, each with its place. */
  problems(name, { Type: type, Properties: properties = {} }) {
    const resource = this.#resource(type);
    return resource ? [...this.#differences(name, resource.properties, properties)] : [`${name}: there is no ${type}`];
  }

  /** The attributes of a type that GetAtt reaches. */
  attributes(type) {
    return Object.keys(this.#resource(type)?.attributes ?? {});
  }

  #resource(type) {
    const found = this.#database.lookup('resource', 'cloudFormationType', 'equals', type);
    return found.length === 1 ? found.only() : undefined;
  }

  *#differences(place, known, given) {
    for (const [name, value] of Object.entries(given)) {
      if (known[name]) yield* this.#value(`${place}.${name}`, known[name].type, value);
      else yield `${place}.${name}: no such property`;
    }
    for (const [name, { required }] of Object.entries(known))
      if (required && !(name in given)) yield `${place}.${name} is missing`;
  }

  *#value(place, type, value) {
    if (isFunction(value)) return;
    switch (type.type) {
      case 'ref': {
        if (typeof value !== 'object' || Array.isArray(value)) yield `${place}: not an object`;
        else yield* this.#differences(place, this.#database.get('typeDefinition', type.reference.$ref).properties, value);
        break;
      }
      case 'array': {
        if (!Array.isArray(value)) yield `${place}: not a list`;
        else for (const [i, item] of value.entries()) yield* this.#value(`${place}[${i}]`, type.element, item);
        break;
      }
      case 'union': {
        const all = type.types.map(each => [...this.#value(place, each, value)]);
        if (!all.some(problems => problems.length === 0)) yield* all[0];
        break;
      }
      case 'boolean': if (typeof value !== 'boolean') yield `${place}: not true or false`; break;
      case 'integer': case 'number': if (!Number.isFinite(Number(value))) yield `${place}: not a number`; break;
      case 'string': if (typeof value === 'object') yield `${place}: not text`; break;
      default: break;   // json, date-time, map: anything
    }
  }
}
