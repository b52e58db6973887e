import { CommandHelp as OclifCommandHelp, Help as OclifHelp } from '@oclif/core/help';

type Render = (text: string) => string;

/** A text without a mark of a template is what it is: compiling every summary is the most of the work of help. */
function onlyTemplates(render: Render): Render {
  return (text) => (text.includes('<%') ? render(text) : text);
}

class CommandHelp extends OclifCommandHelp {
  constructor(...given: ConstructorParameters<typeof OclifCommandHelp>) {
    super(...given);
    this.render = onlyTemplates(this.render);
  }
}

/** oclif's own help; the class is named here so that the bundle carries it. */
export default class Help extends OclifHelp {
  protected override CommandHelpClass = CommandHelp;

  constructor(...given: ConstructorParameters<typeof OclifHelp>) {
    super(...given);
    this.render = onlyTemplates(this.render);
  }
}
