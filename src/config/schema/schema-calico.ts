// The YAML shape of `calico`: where its resources are and which node of them this is.

import { z } from 'zod';
import { booleanField, choiceField, fault, nameField, textField } from './fields.js';

const pathField = textField('a path', (text) =>
  text === '' || text.includes('\0') ? fault('is empty', 'give the path of a file or folder') : text,
);

export const calicoSchema = z.strictObject({
  node: nameField('the name of this node among the resources').optional(),
  resources: z.array(pathField),
  secrets: pathField.optional(),
  advertise: choiceField(['auto', 'originated', 'all']).optional(),
  externalPools: z.array(nameField('the name of an IPPool')).optional(),
  usePodCidr: booleanField.optional(),
});

export type CalicoSection = z.output<typeof calicoSchema>;
