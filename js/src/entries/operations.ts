// The entry `ghl-chartmogul/operations`: what a platform needs to show each operation as a form.

export { methodOf } from "../methods.js";
export { type Choice, type ChoiceOptions, type ChoicePage, readChoices } from "../operations/choices.js";
export { type CustomField, readCustomFields } from "../operations/custom-fields.js";
export { type Field, type FieldType, type OutputField, recordOf } from "../operations/field.js";
export { type InputOptions, readInput } from "../operations/input.js";
export { nounOf } from "../operations/label.js";
export {
  findOperation,
  type Operation,
  operations,
  type TriggerForm,
  triggerForms,
} from "../operations/operation.js";
