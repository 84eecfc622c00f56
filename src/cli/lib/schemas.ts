// The types of the API, by the names of the OpenAPI document.
import type { components } from '../../../openapi/api.d.ts';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];
