// The options of a strategy, as its JSON Schema describes them.
import { Check, Choice } from './fields.tsx';

interface Property {
  type?: string;
  enum?: string[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
}
export interface OptionSchema {
  properties?: Record<string, Property>;
}

export function StrategyOptions(props: {
  schema: OptionSchema;
  values: Record<string, unknown>;
  onChange: (values: Record<string, unknown>) => void;
}) {
  const fields = Object.entries(props.schema.properties ?? {});
  if (fields.length === 0) return null;
  const set = (name: string, value: unknown) => props.onChange({ ...props.values, [name]: value });
  return (
    <div class="form-grid">
      {fields.map(([name, property]) => (
        <Field
          key={name}
          name={name}
          property={property}
          value={props.values[name] ?? property.default}
          onValue={(value) => set(name, value)}
        />
      ))}
    </div>
  );
}

function Field(props: {
  name: string;
  property: Property;
  value: unknown;
  onValue: (value: unknown) => void;
}) {
  const { name, property, value, onValue } = props;
  const title = property.description;
  if (property.enum !== undefined)
    return (
      <Choice
        label={name}
        title={title}
        value={String(value ?? property.enum[0])}
        options={property.enum.map((one) => [one, one])}
        onChoice={onValue}
      />
    );
  if (property.type === 'boolean')
    return <Check label={name} title={title ?? ''} value={value === true} onCheck={onValue} />;
  return (
    <label title={title}>
      {name}
      <input
        type="number"
        min={property.minimum}
        max={property.maximum}
        value={String(value ?? '')}
        onInput={({ currentTarget }) => onValue(Number(currentTarget.value))}
      />
    </label>
  );
}
