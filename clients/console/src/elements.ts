/* What is used of Element Plus, by its own files: the package's front door would bring all of it. */

export { ElButton } from 'element-plus/es/components/button/index';
export { ElConfigProvider } from 'element-plus/es/components/config-provider/index';
export { ElDialog } from 'element-plus/es/components/dialog/index';
export { ElMessage } from 'element-plus/es/components/message/index';
