// Common Chinese and English names for synthetic people.
import type { Random } from './random.ts'

const chinese = {
  families: [
    '王',
    '李',
    '张',
    '刘',
    '陈',
    '杨',
    '赵',
    '黄',
    '周',
    '吴',
    '徐',
    '孙',
    '胡',
    '朱',
    '高',
    '林',
    '何',
    '郭',
    '马',
    '罗',
    '欧阳',
    '司马',
  ],
  male: ['伟', '强', '磊', '军', '洋', '勇', '杰', '涛', '明', '超', '建国', '志强', '国华', '浩然', '子轩', '文博'],
  female: [
    '芳',
    '娜',
    '敏',
    '静',
    '丽',
    '艳',
    '娟',
    '霞',
    '秀英',
    '桂兰',
    '玉兰',
    '雪梅',
    '雨桐',
    '欣怡',
    '思琪',
    '梦瑶',
  ],
}

const english = {
  families: [
    'Smith',
    'Johnson',
    'Williams',
    'Brown',
    'Jones',
    'Garcia',
    'Miller',
    'Davis',
    'Wilson',
    'Anderson',
    'Taylor',
    'Thomas',
    'Moore',
    "O'Neill",
    'Müller',
  ],
  male: ['James', 'John', 'Robert', 'Michael', 'William', 'David', 'Richard', 'Joseph', 'Daniel', 'André'],
  female: ['Mary', 'Patricia', 'Jennifer', 'Linda', 'Elizabeth', 'Susan', 'Jessica', 'Sarah', 'Karen', 'Zoë'],
}

/** The name of a synthetic person. */
export interface PersonName {
  readonly family: string
  readonly given: string
  readonly isChinese: boolean
}

/** Draws a name; seven in ten people are Chinese. */
export function drawName(random: Random, gender: 'male' | 'female'): PersonName {
  const isChinese = random.chance(0.7)
  const source = isChinese ? chinese : english
  return { family: random.pick(source.families), given: random.pick(source[gender]), isChinese }
}
